#!lua flags=allow-oom
-- Reads what follows an event, where this Redis is the one that the reader means: between two looks it may be another.
-- keys: incarnation, events
-- args: incarnation, after, limit
-- Returns {'ok', entries} | {'other'} (emptied, replaced or not compared with SQL yet)
local mark = redis.call('GET', KEY.incarnation)
if not claims_open(KEY.incarnation) or string.match(mark, '^(%S+) ') ~= ARG.incarnation then return {'other'} end
return {'ok', redis.call('XRANGE', KEY.events, '(' .. ARG.after, '+', 'COUNT', ARG.limit)}
