#!lua flags=allow-oom
-- KEYS 1 lease   ARGV 1 token  2 fence  3 time to live (ms)   Returns 1, or 0 where it is no longer the caller's
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
