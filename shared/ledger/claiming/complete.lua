#!lua flags=allow-oom
-- The owner ends one attempt without an acknowledgement: queued again, failed, uncertain, or to be looked at later.
-- keys: lease, message, open, in_flight, deadlines, events, counts
-- args: token, fence, now_ms, message_id, cliente_id, outcome, code, again_at_ms, browser_run, event, changed_channel
-- outcome is 'queued' | 'returned' (queued, and the attempt does not count) | 'failed' | 'expired' | 'cancelled' |
-- 'uncertain' | 'later' | 'adopt'; again_at_ms says from when on a queued one may be claimed, or one that is looked at
-- later may be looked at.
-- Returns the status now stored, or 'lost' | 'gone'
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 'lost' end
local entry = redis.call('HMGET', KEY.message, 'status', 'fence', 'score', 'attempts', 'expires_at', 'whatsapp_id')
if entry[1] ~= 'sending' or entry[2] ~= ARG.fence then return 'gone' end
local id, outcome, code, data = ARG.message_id, ARG.outcome, ARG.code, ARG.event

if outcome == 'later' then
  redis.call('HSET', KEY.message, 'next_look', ARG.again_at_ms, 'error', ARG.code)
  return 'sending'
end
if outcome == 'adopt' then
  redis.call('HSET', KEY.message, 'browser_run', ARG.browser_run)
  return 'sending'
end

if outcome == 'returned' then
  redis.call('HINCRBY', KEY.message, 'attempts', -1)
  outcome = 'queued'
elseif outcome == 'queued' and tonumber(entry[4]) >= LIMIT.max_attempts then
  outcome = 'failed'
end
if outcome == 'queued' and tonumber(entry[5]) <= tonumber(ARG.now_ms) then
  outcome, code = 'expired', 'EXPIRED'
  data = cjson.decode(data)
  data.error = code
end

local event = EVENT['message_' .. outcome]
redis.call('ZREM', KEY.in_flight, id)
if outcome ~= 'uncertain' then give_back_place(KEY.message) end
if outcome == 'queued' then
  move(KEY.message, entry[1], event, 'error', code, 'not_before', ARG.again_at_ms, 'whatsapp_id', '', 'fence', '',
    'browser_run', '')
  redis.call('HDEL', KEY.message, 'upload')
  redis.call('ZADD', KEY.open, entry[3], id)
  redis.call('ZADD', KEY.deadlines, entry[5], ARG.cliente_id .. ':' .. id)
else
  if outcome == 'failed' or outcome == 'uncertain' then data = with_key(data, entry[6]) end
  move(KEY.message, entry[1], event, 'error', code, 'certain', outcome == 'uncertain' and '0' or '1')
  redis.call('PEXPIRE', KEY.message, LIMIT.kept_ms)
  count(KEY.counts, outcome, 1)
  if outcome == 'expired' or outcome == 'cancelled' or code == 'RECIPIENT_OPTED_OUT' then give_back_quota(KEY.message) end
end
emit(KEY.events, event, ARG.cliente_id, id, ARG.now_ms, data)
redis.call('PUBLISH', ARG.changed_channel, id)
return outcome
