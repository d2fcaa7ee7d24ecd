#!lua flags=allow-oom
-- A restoring begins, or one that broke off is gone on with: claims are closed until it is finished and confirmed.
-- keys: incarnation, events, drain_cursor
-- args: fresh
-- Returns {id of the incarnation, id of the last event that had been recorded when this state was current, or '0-0',
--          the same, or '0-0' where the stream does not have that event}
local id, state = string.match(redis.call('GET', KEY.incarnation) or '', '^(%S+) (%S+)$')
if state ~= 'restoring' then
  id = ARG.fresh
  redis.call('SET', KEY.incarnation, id .. ' restoring')
end
local since = redis.call('GET', KEY.drain_cursor) or '0-0'
local placed = #redis.call('XRANGE', KEY.events, since, since) > 0
return {id, since, placed and since or '0-0'}
