#!lua flags=allow-oom
-- Takes a session's lease where nobody holds it; the fence grows with every owner.
-- KEYS 1 lease  2 fence  3 stores  4 rebuilt marker
-- ARGV 1 token  2 store id  3 pid  4 time to live (ms)  5 cliente_id  6 host id
-- Returns the fence, or 0 where another holds it, or -1 where the login belongs to another profile store, or -2 where
-- Redis came up empty and has not been rebuilt from SQL yet (its stores can't be trusted)
if redis.call('EXISTS', KEYS[4]) == 0 then return -2 end
local store = redis.call('HGET', KEYS[3], ARGV[5])
if store and store ~= ARGV[2] then return -1 end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local fence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. fence .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[6], 'PX', ARGV[4])
if not store then redis.call('HSET', KEYS[3], ARGV[5], ARGV[2]) end
return fence
