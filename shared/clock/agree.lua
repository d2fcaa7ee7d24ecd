#!lua flags=allow-oom
-- Keeps what is agreed of the time, unless another process changed it since the caller read it.
-- keys: clock
-- args: generation
-- rest: field, value pairs
-- generation: the one that the caller read.
-- Returns 1, or 0 where it was changed
if (redis.call('HGET', KEY.clock, 'generation') or '0') ~= ARG.generation then return 0 end
redis.call('HSET', KEY.clock, unpack(REST))
return 1
