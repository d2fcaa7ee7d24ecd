#!lua flags=allow-oom
-- Keeps what came of fetching a message's bytes so far, and when that is tried next. It is called before each fetch too:
-- one that takes the browser with it counts.
-- keys: media_due, media_pending
-- args: whatsapp_id, due_ms, pending
-- Returns 1, or 0 where nothing is to be fetched of it any more
if redis.call('HEXISTS', KEY.media_pending, ARG.whatsapp_id) == 0 then return 0 end
redis.call('HSET', KEY.media_pending, ARG.whatsapp_id, ARG.pending)
redis.call('ZADD', KEY.media_due, ARG.due_ms, ARG.whatsapp_id)
return 1
