#!lua flags=allow-oom
-- Records one inbound message once, however often the page reports it.
-- keys: seen, events, heard
-- args: now_ms, cliente_id, whatsapp_id, event, heard_ms
-- heard_ms: how long the sender counts as heard from; 0 where that is over.
-- Returns 1, or 0 where it was known
if not redis.call('SET', KEY.seen, '1', 'NX', 'PX', LIMIT.kept_ms) then return 0 end
if tonumber(ARG.heard_ms) > 0 then redis.call('SET', KEY.heard, '1', 'PX', ARG.heard_ms) end
emit(KEY.events, EVENT.message_inbound, ARG.cliente_id, ARG.whatsapp_id, ARG.now_ms, ARG.event)
return 1
