#!lua flags=allow-oom
-- Brings a message back whose ledger entry is gone, from what SQL recorded. Never overwrites an entry.
-- keys: message, open, in_flight, held, deadlines, events, counts, rebuilt, whatsapp_key
-- args: now_ms, message_id, cliente_id, way, lane, expires_at, marker, event, whatsapp_id
-- rest: field, value pairs of the entry
-- way: 'queued' | 'held' | 'uncertain' | 'expired', or 'recall': uncertain, and counted as such before. marker: the
-- rebuilt marker that the caller saw, '' for none.
-- Returns 'restored' | 'known' (the ledger has it) | 'changed' (Redis was emptied or rebuilt meanwhile)
local id, member, way = ARG.message_id, ARG.cliente_id .. ':' .. ARG.message_id, ARG.way
if (redis.call('GET', KEY.rebuilt) or '') ~= ARG.marker then return 'changed' end
if redis.call('EXISTS', KEY.message) == 1 then return 'known' end
local indexed = redis.call('ZREM', KEY.open, id) + redis.call('ZREM', KEY.in_flight, id) + redis.call('ZREM', KEY.held, id)
redis.call('ZREM', KEY.deadlines, member)
-- What stood in an index was counted when it was accepted; a Redis that came up empty counts it anew.
if indexed == 0 and way ~= 'recall' then count(KEY.counts, 'accepted', 1) end

-- Before all that waits in its lane: it is older. Callers bring the newest first.
local base, half = tonumber(ARG.lane) * LIMIT.lane_width, LIMIT.lane_width / 2
local score = base
for _, index in ipairs({KEY.open, KEY.held}) do
  local first = redis.call('ZRANGEBYSCORE', index, base - half, base + half, 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] and tonumber(first[2]) - 1 < score then score = tonumber(first[2]) - 1 end
end
score = string.format('%.0f', score)
redis.call('HSET', KEY.message, 'score', score, unpack(REST))
count(KEY.counts, 'bytes', redis.call('HSTRLEN', KEY.message, 'message') + LIMIT.entry_bytes)

if way == 'queued' or way == 'held' then
  redis.call('HSET', KEY.message, 'status', 'queued', 'error', way == 'held' and 'HELD_NUMBER_CHANGED' or '')
  redis.call('ZADD', way == 'held' and KEY.held or KEY.open, score, id)
  redis.call('ZADD', KEY.deadlines, ARG.expires_at, member)
  emit(KEY.events, EVENT.message_restored, ARG.cliente_id, id, ARG.now_ms, ARG.event)
  return 'restored'
end
redis.call('PEXPIRE', KEY.message, LIMIT.kept_ms)
if way == 'expired' then
  redis.call('HSET', KEY.message, 'status', 'expired', 'error', 'EXPIRED', 'certain', '1')
else
  redis.call('HSET', KEY.message, 'status', 'uncertain', 'error', 'OUTCOME_UNKNOWN', 'certain', '0')
  if ARG.whatsapp_id ~= '' then
    redis.call('HSET', KEY.message, 'whatsapp_id', ARG.whatsapp_id)
    redis.call('SET', KEY.whatsapp_key, id, 'PX', LIMIT.kept_ms)
  end
  if way == 'recall' then return 'restored' end
end
count(KEY.counts, way, 1)
emit(KEY.events, EVENT['message_' .. way], ARG.cliente_id, id, ARG.now_ms, ARG.event)
return 'restored'
