#!lua flags=allow-oom
-- The owner writes its session's snapshot; a transition is an event as well.
-- KEYS 1 lease  2 session  3 sessions  4 events
-- ARGV 1 token  2 fence  3 now_ms  4 cliente_id  5 changed channel  6 event data (JSON) or '' (no transition)
--      7… field, value pairs
-- Returns 1, or 0 where the lease is no longer the caller's
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'fence', ARGV[2], unpack(ARGV, 7))
redis.call('SADD', KEYS[3], ARGV[4])
if ARGV[6] ~= '' then emit(KEYS[4], 'session.status', ARGV[4], '', ARGV[3], ARGV[6]) end
redis.call('PUBLISH', ARGV[5], 'session')
return 1
