#!lua flags=allow-oom
-- Everything up to an event was recorded: what follows is kept, and that one, which marks the place.
-- keys: incarnation, events, drain_cursor
-- args: incarnation, event_id
-- Returns 1, or 0 where this Redis is no longer the one in which that event was read
local mark = redis.call('GET', KEY.incarnation)
if not claims_open(KEY.incarnation) or string.match(mark, '^(%S+) ') ~= ARG.incarnation then return 0 end
if #redis.call('XRANGE', KEY.events, ARG.event_id, ARG.event_id) == 0 then return 0 end
redis.call('SET', KEY.drain_cursor, ARG.event_id)
redis.call('XTRIM', KEY.events, 'MINID', '=', ARG.event_id)
return 1
