#!lua flags=allow-oom
-- Keeps how far the page's database was read, and what in it could not be read yet. To be called after the messages
-- before that row were recorded: a kill in between has them read again, and they are known.
-- A Redis that does not have the cursor that its owner left there was emptied, or is an older one: nothing is kept, for
-- what was recorded up to there may be lost with it.
-- keys: cursors, placeholders
-- args: login_id, cursor, before
-- rest: written_at_ms, whatsapp_id of each placeholder
-- before: the cursor that the caller left or found, '' for none
-- Returns 1, or 0 where that is not the one that is here
if (redis.call('HGET', KEY.cursors, ARG.login_id) or '') ~= ARG.before then return 0 end
redis.call('HSET', KEY.cursors, ARG.login_id, ARG.cursor)
for at = 1, #REST, 2 do redis.call('ZADD', KEY.placeholders, REST[at], REST[at + 1]) end
return 1
