#!lua flags=allow-oom
-- The session's owner is about to have the page do it: from here on it may take place.
-- keys: lease, act, deadlines
-- args: token, fence, now_ms, begin_by_ms, deadline_ms, act_id, cliente_id, browser_run
-- begin_by_ms: after it nobody counts on it any more.
-- Returns 'ok' | 'lost' (the lease) | 'gone' (begun before, ended, or too late)
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 'lost' end
if redis.call('HGET', KEY.act, 'status') ~= 'asked' or tonumber(ARG.now_ms) > tonumber(ARG.begin_by_ms) then
  return 'gone'
end
redis.call('HSET', KEY.act, 'begun_at', ARG.now_ms, 'browser_run', ARG.browser_run, 'status', 'begun')
redis.call('ZADD', KEY.deadlines, 'XX', ARG.deadline_ms, ARG.cliente_id .. ':' .. ARG.act_id)
return 'ok'
