#!lua flags=allow-oom
-- Says what came of an act, once. Its text has no use any more.
-- keys: act, open, deadlines, events
-- args: act_id, cliente_id, message_id, now_ms, status, error, act, kind, whatsapp_id, as_it_stands, changed_channel
-- args: arrived_channel
-- act: the entry without its text. as_it_stands: '1' where time is up: what was begun is unknown then, all else failed.
-- Returns its status now, or 'gone' where it is not open
local status, error = ARG.status, ARG.error
local stands = redis.call('HGET', KEY.act, 'status')
redis.call('ZREM', KEY.open, ARG.act_id)
redis.call('ZREM', KEY.deadlines, ARG.cliente_id .. ':' .. ARG.act_id)
if stands ~= 'asked' and stands ~= 'begun' then return 'gone' end
if ARG.as_it_stands == '1' then
  status, error = 'failed', 'EXPIRED'
  if stands == 'begun' then status, error = 'unknown', 'NO_OUTCOME' end
end
redis.call('HSET', KEY.act, 'status', status, 'act', ARG.act, 'error', error, 'ended_at', ARG.now_ms)
local told = {act_id = ARG.act_id, kind = ARG.kind, whatsapp_id = ARG.whatsapp_id, error = error}
emit(KEY.events, EVENT['message_act_' .. status], ARG.cliente_id, ARG.message_id, ARG.now_ms, told)
redis.call('PUBLISH', ARG.arrived_channel, '')
redis.call('PUBLISH', ARG.changed_channel, '')
return status
