#!lua
-- A person decides an uncertain message: it was sent, it was not, or it is to be sent again.
-- keys: message, open, deadlines, events, counts
-- args: now_ms, message_id, cliente_id, outcome, expires_at, event, changed_channel
-- outcome is 'sent' | 'failed' | 'queued'; expires_at is for 'queued'.
-- Returns 'resolved' | the status that forbids it | 'unknown'
local entry = redis.call('HMGET', KEY.message, 'status', 'cliente_id', 'score', 'whatsapp_id')
if not entry[1] or entry[2] ~= ARG.cliente_id then return 'unknown' end
if entry[1] ~= 'uncertain' then return entry[1] end
local event, data = EVENT['message_' .. ARG.outcome], ARG.event
count(KEY.counts, 'uncertain', -1)
move(KEY.message, entry[1], event, 'certain', '1')
if ARG.outcome ~= 'sent' then give_back_place(KEY.message) end
if ARG.outcome == 'queued' then
  redis.call('PERSIST', KEY.message)
  redis.call('HSET', KEY.message, 'error', '', 'whatsapp_id', '', 'browser_run', '', 'fence', '', 'attempts', '0',
    'not_before', '0', 'expires_at', ARG.expires_at)
  redis.call('ZADD', KEY.open, entry[3], ARG.message_id)
  redis.call('ZADD', KEY.deadlines, ARG.expires_at, ARG.cliente_id .. ':' .. ARG.message_id)
else
  data = with_key(data, entry[4])
  count(KEY.counts, ARG.outcome, 1)
  if ARG.outcome == 'sent' then redis.call('HSET', KEY.message, 'error', '', 'sent_at', ARG.now_ms) end
end
emit(KEY.events, event, ARG.cliente_id, ARG.message_id, ARG.now_ms, data)
redis.call('PUBLISH', ARG.changed_channel, ARG.message_id)
return 'resolved'
