#!lua flags=allow-oom
-- Records what WhatsApp says of a key: ack 1 sent, 2 delivered, 3 and above read. Never goes back. An acknowledgement
-- is evidence from WhatsApp's server, so it needs no lease: whoever saw it, it is true. The event says the key as well:
-- the one that told it may have been lost with a Redis, before it was recorded.
-- keys: whatsapp_key, open, in_flight, held, deadlines, events, unread, counts
-- args: ack, whatsapp_id, now_ms, cliente_id, message_prefix, changed_channel
-- Returns the status now stored, or 'unknown' (not our message) | 'same'
local id = redis.call('GET', KEY.whatsapp_key)
if not id then return 'unknown' end
local message = ARG.message_prefix .. id
local entry = redis.call('HMGET', message, 'status', 'sent_at', 'delivered_at', 'whatsapp_id')
local before, at, whatsapp_id = entry[1], ARG.now_ms, entry[4]
if not before then return 'unknown' end
local ack = math.min(tonumber(ARG.ack), 3)
if ack < 1 then return 'same' end
local event = ({EVENT.message_sent, EVENT.message_delivered, EVENT.message_read})[ack]
local status = move(message, before, event, 'certain', '1', 'error', '')
if not status then return 'same' end
if not whatsapp_id or whatsapp_id == '' then  -- it waited for another attempt, and left in an earlier one
  whatsapp_id = ARG.whatsapp_id
  redis.call('HSET', message, 'whatsapp_id', whatsapp_id)
end
if not entry[2] or entry[2] == '' then redis.call('HSET', message, 'sent_at', at) end
if ack >= 2 and (not entry[3] or entry[3] == '') then redis.call('HSET', message, 'delivered_at', at) end
if ack >= 3 then redis.call('HSET', message, 'read_at', at) end
if before ~= 'sent' and before ~= 'delivered' then
  count(KEY.counts, 'sent', 1)
  if before ~= 'queued' and before ~= 'sending' then count(KEY.counts, before, -1) end
end
redis.call('ZREM', KEY.open, id)
redis.call('ZREM', KEY.in_flight, id)
redis.call('ZREM', KEY.held, id)
redis.call('ZREM', KEY.deadlines, ARG.cliente_id .. ':' .. id)
redis.call('PEXPIRE', message, LIMIT.kept_ms)
if ack >= 3 then
  redis.call('PEXPIRE', KEY.whatsapp_key, LIMIT.read_kept_ms)
  redis.call('ZREM', KEY.unread, id)
else
  redis.call('ZADD', KEY.unread, 'NX', at, id)
  redis.call('ZREMRANGEBYSCORE', KEY.unread, 0, tonumber(at) - LIMIT.receipt_kept_ms)
end
emit(KEY.events, event, ARG.cliente_id, id, at, {ack = ack, whatsapp_id = whatsapp_id})
redis.call('PUBLISH', ARG.changed_channel, id)
return status
