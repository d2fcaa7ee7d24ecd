#!lua flags=allow-oom
-- Reads the mark of a Redis whose claims are open.
-- keys: incarnation
-- args:
-- Returns the mark, or nil
if not claims_open(KEY.incarnation) then return nil end
return redis.call('GET', KEY.incarnation)
