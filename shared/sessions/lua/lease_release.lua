#!lua flags=allow-oom
-- Gives a lease back by its token: by its owner, or by the host that saw the owner and its browser end.
-- keys: lease
-- args: token
-- Returns 1, or 0 where another holds it or nobody
local value = redis.call('GET', KEY.lease)
if not value or string.match(value, '^(%S+)') ~= ARG.token then return 0 end
return redis.call('DEL', KEY.lease)
