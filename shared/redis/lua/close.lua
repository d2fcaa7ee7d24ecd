#!lua flags=allow-oom
-- Ends a message that is still queued: cancelled by a caller, or expired. Needs no owner: nothing was claimed.
-- KEYS 1 message  2 open  3 deadlines  4 events  5 held  6 counts
-- ARGV 1 'cancelled'|'expired'  2 error code  3 now_ms  4 message_id  5 cliente_id  6 event data (JSON)
--      7 changed channel
-- Returns 'closed' | the status that forbids it | 'unknown'
local entry = redis.call('HMGET', KEYS[1], 'status', 'expires_at', 'cliente_id')
if not entry[1] or entry[3] ~= ARGV[5] then
  redis.call('ZREM', KEYS[3], ARGV[5] .. ':' .. ARGV[4])
  return 'unknown'
end
if entry[1] ~= 'queued' then
  redis.call('ZREM', KEYS[3], ARGV[5] .. ':' .. ARGV[4])
  return entry[1]
end
if ARGV[1] == 'expired' and tonumber(entry[2]) > tonumber(ARGV[3]) then return 'queued' end
redis.call('HSET', KEYS[1], 'status', ARGV[1], 'error', ARGV[2], 'certain', '1')
redis.call('PEXPIRE', KEYS[1], 604800000)
give_back_quota(KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('ZREM', KEYS[5], ARGV[4])
count(KEYS[6], ARGV[1], 1)
redis.call('ZREM', KEYS[3], ARGV[5] .. ':' .. ARGV[4])
emit(KEYS[4], 'message.' .. ARGV[1], ARGV[5], ARGV[4], ARGV[3], ARGV[6])
redis.call('PUBLISH', ARGV[7], ARGV[4])
return 'closed'
