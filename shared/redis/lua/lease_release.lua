#!lua flags=allow-oom
-- Gives a lease back by its token: by its owner, or by the host that saw the owner and its browser end.
-- KEYS 1 lease   ARGV 1 token   Returns 1, or 0 where another holds it or nobody
local value = redis.call('GET', KEYS[1])
if not value or string.match(value, '^(%S+)') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
