#!lua flags=allow-oom
-- Puts one message right that stands in no index, or in the wrong one: the entry says what it is, the indexes follow.
-- Claims then treat it like any other: `sending` goes back in flight, where the owner recovers it by its key.
-- keys: message, open, in_flight, held, deadlines, events, counts
-- args: now_ms, message_id, cliente_id, gone
-- gone: what SQL has of an index entry without a message: 'final': it is taken out; 'unknown': the same, and it counts
-- as uncertain; '': it is left.
-- Returns 'ok' (nothing was wrong) | 'reindexed' | 'cleared' (it has ended, taken out of an index)
--         | 'gone' (no message; nothing was done) | 'dropped' | 'foreign' (another tenant's)
local id, member = ARG.message_id, ARG.cliente_id .. ':' .. ARG.message_id
local entry = redis.call('HMGET', KEY.message, 'status', 'score', 'expires_at', 'cliente_id', 'error')
local status, score = entry[1], entry[2]

local function leave_indexes()
  local found = redis.call('ZREM', KEY.open, id) + redis.call('ZREM', KEY.in_flight, id) + redis.call('ZREM', KEY.held, id)
  redis.call('ZREM', KEY.deadlines, member)
  return found
end

if not status then
  if ARG.gone == '' or leave_indexes() == 0 then return 'gone' end
  if ARG.gone == 'unknown' then
    count(KEY.counts, 'uncertain', 1)
    emit(KEY.events, EVENT.message_uncertain, ARG.cliente_id, id, ARG.now_ms,
      {error = 'OUTCOME_UNKNOWN', cause = 'ENTRY_LOST', certain = false})
  end
  return 'dropped'
end
if entry[4] ~= ARG.cliente_id then return 'foreign' end

local in_open = redis.call('ZSCORE', KEY.open, id) ~= false
local in_flight = redis.call('ZSCORE', KEY.in_flight, id) ~= false
local in_held = redis.call('ZSCORE', KEY.held, id) ~= false
if status == 'queued' then
  if (in_open or in_held) and not in_flight and not (in_open and in_held) then return 'ok' end
  redis.call('ZREM', KEY.in_flight, id)
  if in_held or entry[5] == 'HELD_NUMBER_CHANGED' then
    redis.call('ZREM', KEY.open, id)
    redis.call('ZADD', KEY.held, score, id)
  else
    redis.call('ZADD', KEY.open, score, id)
  end
  redis.call('ZADD', KEY.deadlines, entry[3], member)
elseif status == 'sending' then
  if in_flight and not in_open and not in_held then return 'ok' end
  redis.call('ZREM', KEY.open, id)
  redis.call('ZREM', KEY.held, id)
  redis.call('ZADD', KEY.in_flight, score, id)
else
  if not in_open and not in_flight and not in_held then return 'ok' end
  leave_indexes()
  return 'cleared'
end
emit(KEY.events, EVENT.message_reindexed, ARG.cliente_id, id, ARG.now_ms, {cause = 'NO_INDEX'})
return 'reindexed'
