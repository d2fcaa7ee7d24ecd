#!lua flags=allow-oom
-- Records what became of a message's bytes: nothing more is to be fetched of it.
-- keys: media_due, media_pending, media_used, events
-- args: whatsapp_id, cliente_id, now_ms, added_bytes, event, arrived_channel
-- added_bytes: by which the tenant's stored media grew.
-- Returns 1, or 0 where nothing was to be fetched of it
redis.call('ZREM', KEY.media_due, ARG.whatsapp_id)
if redis.call('HDEL', KEY.media_pending, ARG.whatsapp_id) == 0 then return 0 end
redis.call('INCRBY', KEY.media_used, ARG.added_bytes)
emit(KEY.events, EVENT.message_media, ARG.cliente_id, ARG.whatsapp_id, ARG.now_ms, ARG.event)
redis.call('PUBLISH', ARG.arrived_channel, '')
return 1
