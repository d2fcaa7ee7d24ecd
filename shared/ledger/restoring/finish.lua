#!lua flags=allow-oom
-- All that SQL knows is back in this Redis.
-- keys: incarnation
-- args: id
-- Returns 1, or 0 where Redis was emptied or replaced meanwhile
if redis.call('GET', KEY.incarnation) ~= ARG.id .. ' restoring' then return 0 end
redis.call('SET', KEY.incarnation, ARG.id .. ' restored')
return 1
