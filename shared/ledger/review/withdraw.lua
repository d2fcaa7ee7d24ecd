#!lua flags=allow-oom
-- Ends a message that is still queued: cancelled by a caller, or expired. Needs no owner: nothing was claimed.
-- keys: message, open, held, deadlines, events, counts, idempotency
-- args: status, code, now_ms, message_id, cliente_id, event, changed_channel, frees_key
-- status is 'cancelled' or 'expired'. frees_key is '1' where the idempotency key may be used anew.
-- Returns 'ended' | the status that forbids it | 'unknown'
local entry = redis.call('HMGET', KEY.message, 'status', 'expires_at', 'cliente_id')
local member = ARG.cliente_id .. ':' .. ARG.message_id
if not entry[1] or entry[3] ~= ARG.cliente_id then
  redis.call('ZREM', KEY.deadlines, member)
  return 'unknown'
end
if entry[1] ~= 'queued' then
  redis.call('ZREM', KEY.deadlines, member)
  return entry[1]
end
if ARG.status == 'expired' and tonumber(entry[2]) > tonumber(ARG.now_ms) then return 'queued' end
local event = EVENT['message_' .. ARG.status]
move(KEY.message, entry[1], event, 'error', ARG.code, 'certain', '1')
redis.call('PEXPIRE', KEY.message, LIMIT.kept_ms)
give_back_quota(KEY.message)
redis.call('ZREM', KEY.open, ARG.message_id)
redis.call('ZREM', KEY.held, ARG.message_id)
redis.call('ZREM', KEY.deadlines, member)
count(KEY.counts, ARG.status, 1)
if ARG.frees_key == '1' and string.match(redis.call('GET', KEY.idempotency) or '', ':(.*)$') == ARG.message_id then
  redis.call('DEL', KEY.idempotency)
end
emit(KEY.events, event, ARG.cliente_id, ARG.message_id, ARG.now_ms, ARG.event)
redis.call('PUBLISH', ARG.changed_channel, ARG.message_id)
return 'ended'
