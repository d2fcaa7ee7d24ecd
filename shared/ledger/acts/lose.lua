#!lua flags=allow-oom
-- Ends an act that SQL has as open and Redis has forgotten: nobody will say any more what came of it.
-- keys: act, events
-- args: cliente_id, message_id, now_ms, event, arrived_channel
-- Returns 1, or 0 where Redis knows it after all
if redis.call('EXISTS', KEY.act) == 1 then return 0 end
emit(KEY.events, EVENT.message_act_unknown, ARG.cliente_id, ARG.message_id, ARG.now_ms, ARG.event)
redis.call('PUBLISH', ARG.arrived_channel, '')
return 1
