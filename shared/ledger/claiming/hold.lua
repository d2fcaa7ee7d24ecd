#!lua flags=allow-oom
-- The owner says which phone is paired. Where it is another one than before, what waits was meant for the old one: it is
-- held for a person, still queued, still expiring. So is what an earlier owner or browser run claimed and has no key yet:
-- nothing of it can have gone out, and its next claim would have it leave through this phone.
-- keys: lease, own_number, open, in_flight, held, deadlines, events
-- args: token, fence, now_ms, cliente_id, number, message_prefix
-- Returns how many are held by this, or -1 where the lease is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return -1 end
local before = redis.call('GET', KEY.own_number)
redis.call('SET', KEY.own_number, ARG.number)
if not before or before == ARG.number then return 0 end

for _, id in ipairs(redis.call('ZRANGE', KEY.in_flight, 0, -1)) do
  local message = ARG.message_prefix .. id
  local entry = redis.call('HMGET', message, 'status', 'whatsapp_id', 'score', 'expires_at')
  local keyed = entry[2] and entry[2] ~= ''
  if entry[1] and not keyed and move(message, entry[1], EVENT.message_queued, 'fence', '', 'browser_run', '') then
    give_back_place(message)
    redis.call('ZREM', KEY.in_flight, id)
    redis.call('ZADD', KEY.open, entry[3], id)
    redis.call('ZADD', KEY.deadlines, entry[4], ARG.cliente_id .. ':' .. id)
    emit(KEY.events, EVENT.message_queued, ARG.cliente_id, id, ARG.now_ms,
      {cause = 'OWNER_LOST_BEFORE_KEY', certain = true})
  end
end

local waiting = redis.call('ZRANGE', KEY.open, 0, -1, 'WITHSCORES')
for i = 1, #waiting, 2 do
  local id = waiting[i]
  redis.call('ZADD', KEY.held, waiting[i + 1], id)
  redis.call('ZREM', KEY.open, id)
  redis.call('HSET', ARG.message_prefix .. id, 'error', 'HELD_NUMBER_CHANGED')
  emit(KEY.events, EVENT.message_held, ARG.cliente_id, id, ARG.now_ms, {error = 'HELD_NUMBER_CHANGED', certain = true})
end
return #waiting / 2
