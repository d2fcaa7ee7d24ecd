#!lua flags=allow-oom
-- Says of a wanted session that the profile store which holds its login is announced by no host. An owner that lives
-- knows better: where a lease stands nothing is written, and a later owner's first snapshot replaces this one.
-- KEYS 1 lease  2 session  3 sessions  4 events  5 wanted  6 stores
-- ARGV 1 now_ms  2 cliente_id  3 store id  4 changed channel  5 text for a person
-- Returns 1, or 0 where a lease stands, the session is not wanted, its store is another, or it was said before
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('HEXISTS', KEYS[5], ARGV[2]) == 0 then return 0 end
if redis.call('HGET', KEYS[6], ARGV[2]) ~= ARGV[3] then return 0 end
local before = redis.call('HMGET', KEYS[2], 'status', 'last_error_code')
if before[1] == 'ERROR' and before[2] == 'HOST_LOST' then return 0 end
redis.call('HSET', KEYS[2], 'status', 'ERROR', 'since', ARGV[1], 'updated_at', ARGV[1], 'qr_status', 'none',
  'qr_string', '', 'qr_expires_at', 0, 'pairing_code', '', 'pairing_expires_at', 0, 'last_error_code', 'HOST_LOST',
  'last_error_message', ARGV[5], 'cause', 'HOST_LOST', 'worker_pid', 0)
redis.call('SADD', KEYS[3], ARGV[2])
emit(KEYS[4], 'session.status', ARGV[2], '', ARGV[1], cjson.encode({from = before[1] or 'DISCONNECTED', to = 'ERROR',
  event = 'failed', cause = 'HOST_LOST'}))
redis.call('PUBLISH', ARGV[4], 'session')
return 1
