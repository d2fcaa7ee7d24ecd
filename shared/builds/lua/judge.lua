#!lua flags=allow-oom
-- A session says what it found of a build. What nobody said anything of for long is forgotten.
-- keys: build, builds
-- args: build_id, cliente_id, judgement, now_ms, keep_ms
-- Returns 1 where no session had said anything of this build before, else 0
local first = redis.call('EXISTS', KEY.build) == 0
redis.call('HSET', KEY.build, ARG.cliente_id, ARG.judgement)
redis.call('PEXPIRE', KEY.build, ARG.keep_ms)
redis.call('ZADD', KEY.builds, ARG.now_ms, ARG.build_id)
redis.call('ZREMRANGEBYSCORE', KEY.builds, '-inf', ARG.now_ms - ARG.keep_ms)
return first and 1 or 0
