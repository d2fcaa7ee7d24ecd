#!lua flags=allow-oom
-- The owner says that its session is no longer wanted (nobody scanned a code for too long). SQL, the master of wanted
-- sessions, learns it from the event.
-- KEYS 1 lease  2 wanted  3 events   ARGV 1 token  2 fence  3 now_ms  4 cliente_id  5 event data (JSON)
-- Returns 1, or 0 where the lease is no longer the caller's
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[2], ARGV[4])
emit(KEYS[3], 'session.unwanted', ARGV[4], '', ARGV[3], ARGV[5])
return 1
