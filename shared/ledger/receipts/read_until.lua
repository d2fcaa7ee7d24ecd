#!lua flags=allow-oom
-- Keeps how far the page's database was read, and what in it could not be read yet. To be called after the messages
-- before that row were recorded: a kill in between has them read again, and they are known.
-- keys: cursors, placeholders
-- args: login_id, cursor
-- rest: written_at_ms, whatsapp_id of each placeholder
-- Returns 1
redis.call('HSET', KEY.cursors, ARG.login_id, ARG.cursor)
for at = 1, #REST, 2 do redis.call('ZADD', KEY.placeholders, REST[at], REST[at + 1]) end
return 1
