#!lua flags=allow-oom
-- Has a message's bytes fetched once more, as if nobody had tried; what is being fetched just now goes on.
-- keys: media_due, media_pending, events
-- args: whatsapp_id, cliente_id, now_ms, pending, event, arrived_channel
-- Returns 1
redis.call('HSET', KEY.media_pending, ARG.whatsapp_id, ARG.pending)
redis.call('ZADD', KEY.media_due, ARG.now_ms, ARG.whatsapp_id)
emit(KEY.events, EVENT.message_media, ARG.cliente_id, ARG.whatsapp_id, ARG.now_ms, ARG.event)
redis.call('PUBLISH', ARG.arrived_channel, '')
return 1
