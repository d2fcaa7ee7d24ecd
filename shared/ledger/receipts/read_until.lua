#!lua flags=allow-oom
-- Keeps how far the page's database was read, and what in it could not be read yet. To be called after the messages
-- before that row were recorded: a kill in between has them read again, and they are known.
-- keys: cursors, placeholders, incarnation
-- args: login_id, cursor, marker
-- rest: written_at_ms, whatsapp_id of each placeholder
-- marker: see `is_compared`
-- Returns 'ok' | 'not_compared': nothing is kept, for what was recorded up to there may be lost
if not is_compared(KEY.incarnation, ARG.marker) then return 'not_compared' end
redis.call('HSET', KEY.cursors, ARG.login_id, ARG.cursor)
for at = 1, #REST, 2 do redis.call('ZADD', KEY.placeholders, REST[at], REST[at + 1]) end
return 'ok'
