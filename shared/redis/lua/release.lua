#!lua
-- A person lets a held message go out through the phone that is paired now.
-- KEYS 1 message  2 held  3 open  4 events
-- ARGV 1 now_ms  2 message_id  3 cliente_id  4 event data (JSON)  5 changed channel
-- Returns 1, or 0 where it is not held
if redis.call('ZSCORE', KEYS[2], ARGV[2]) == false then return 0 end
if redis.call('HGET', KEYS[1], 'cliente_id') ~= ARGV[3] then return 0 end
redis.call('ZADD', KEYS[3], redis.call('ZSCORE', KEYS[2], ARGV[2]), ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], 'error', '')
emit(KEYS[4], 'message.released', ARGV[3], ARGV[2], ARGV[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[2])
return 1
