#!lua flags=allow-oom
-- The owner says which phone is paired. Where it is another one than before, what waits was meant for the old one: it is
-- held for a person, still queued, still expiring.
-- keys: lease, own_number, open, held, events
-- args: token, fence, now_ms, cliente_id, number, message_prefix
-- Returns how many are held by this, or -1 where the lease is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return -1 end
local before = redis.call('GET', KEY.own_number)
redis.call('SET', KEY.own_number, ARG.number)
if not before or before == ARG.number then return 0 end
local waiting = redis.call('ZRANGE', KEY.open, 0, -1, 'WITHSCORES')
for i = 1, #waiting, 2 do
  local id = waiting[i]
  redis.call('ZADD', KEY.held, waiting[i + 1], id)
  redis.call('ZREM', KEY.open, id)
  redis.call('HSET', ARG.message_prefix .. id, 'error', 'HELD_NUMBER_CHANGED')
  emit(KEY.events, EVENT.message_held, ARG.cliente_id, id, ARG.now_ms, {error = 'HELD_NUMBER_CHANGED', certain = true})
end
return #waiting / 2
