#!lua flags=allow-oom
-- Takes the trial of a build, unless another session took one since the caller looked.
-- keys: trial
-- args: seen_at, revision, cliente_id, now_ms
-- seen_at: when the trial began that the caller saw; 0 for none
-- Returns 1, or 0 where another one was taken meanwhile
local at = redis.call('HGET', KEY.trial, 'at') or '0'
if at ~= ARG.seen_at then return 0 end
redis.call('HSET', KEY.trial, 'revision', ARG.revision, 'cliente_id', ARG.cliente_id, 'at', ARG.now_ms)
return 1
