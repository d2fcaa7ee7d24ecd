#!lua flags=allow-oom
-- The owner says which phone is paired. Where it is another one than before, what waits was meant for the old one: it is
-- held for a person (CONTRACT section 4), still queued, still expiring.
-- KEYS 1 lease  2 own number  3 open  4 held  5 events
-- ARGV 1 token  2 fence  3 now_ms  4 cliente_id  5 number (digits)  6 message key prefix
-- Returns how many are held by this, or -1 where the lease is no longer the caller's
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return -1 end
local before = redis.call('GET', KEYS[2])
redis.call('SET', KEYS[2], ARGV[5])
if not before or before == ARGV[5] then return 0 end
local waiting = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for i = 1, #waiting, 2 do
  local id = waiting[i]
  redis.call('ZADD', KEYS[4], waiting[i + 1], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('HSET', ARGV[6] .. id, 'error', 'HELD_NUMBER_CHANGED')
  emit(KEYS[5], 'message.held', ARGV[4], id, ARGV[3], '{"error":"HELD_NUMBER_CHANGED","certain":true}')
end
return #waiting / 2
