#!lua flags=allow-oom
-- Brings a message to where SQL has it: its ledger entry is gone, or stands where it stood in an older Redis.
-- keys: message, open, in_flight, held, deadlines, events, counts, incarnation, whatsapp_key, own_mark, unread
-- args: now_ms, message_id, cliente_id, way, lane, expires_at, marker, seen, event, whatsapp_id
-- args: changed_channel
-- rest: field, value pairs of the entry
-- way: the status it is to have, or 'held', or 'recall': uncertain, and counted as such before. marker: of the
-- incarnation that the caller saw, '' for none. seen: the entry's status that the caller saw, '' for none. event: '' where
-- SQL knows it already. own_mark: as of `put_key.lua`.
-- Returns 'restored' | 'known' (the entry is not as the caller saw it) | 'changed' (Redis was emptied or replaced meanwhile)
local id, member, way = ARG.message_id, ARG.cliente_id .. ':' .. ARG.message_id, ARG.way
local COUNTED_AS = {sent = 'sent', delivered = 'sent', read = 'sent', failed = 'failed', cancelled = 'cancelled',
  expired = 'expired', uncertain = 'uncertain'}
if (redis.call('GET', KEY.incarnation) or '') ~= ARG.marker then return 'changed' end
local before = redis.call('HGET', KEY.message, 'status') or ''
if before ~= ARG.seen then return 'known' end
local indexed = redis.call('ZREM', KEY.open, id) + redis.call('ZREM', KEY.in_flight, id) + redis.call('ZREM', KEY.held, id)
redis.call('ZREM', KEY.deadlines, member)
-- What stood in an index was counted when it was accepted; a Redis that came up empty counts it anew.
if before == '' and indexed == 0 and way ~= 'recall' then count(KEY.counts, 'accepted', 1) end
if COUNTED_AS[before] then count(KEY.counts, COUNTED_AS[before], -1) end

-- Before all that waits in its lane: it is older. Callers bring the newest first.
local base, half = tonumber(ARG.lane) * LIMIT.lane_width, LIMIT.lane_width / 2
local score = base
for _, index in ipairs({KEY.open, KEY.held}) do
  local first = redis.call('ZRANGEBYSCORE', index, base - half, base + half, 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] and tonumber(first[2]) - 1 < score then score = tonumber(first[2]) - 1 end
end
score = string.format('%.0f', score)
if redis.call('HEXISTS', KEY.message, 'message') == 1 then count(KEY.counts, 'bytes', -entry_bytes(KEY.message)) end
redis.call('HSET', KEY.message, 'score', score, unpack(REST))
count(KEY.counts, 'bytes', entry_bytes(KEY.message))
if ARG.event ~= '' then
  local told = (way == 'queued' or way == 'held') and EVENT.message_restored or EVENT['message_' .. way]
  emit(KEY.events, told, ARG.cliente_id, id, ARG.now_ms, ARG.event)
end

if way == 'queued' or way == 'held' then
  redis.call('PERSIST', KEY.message)
  redis.call('HSET', KEY.message, 'status', 'queued', 'error', way == 'held' and 'HELD_NUMBER_CHANGED' or '',
    'whatsapp_id', '', 'browser_run', '', 'fence', '')
  redis.call('ZADD', way == 'held' and KEY.held or KEY.open, score, id)
  redis.call('ZADD', KEY.deadlines, ARG.expires_at, member)
  return 'restored'
end
redis.call('PUBLISH', ARG.changed_channel, id)
local status = way == 'recall' and 'uncertain' or way
redis.call('PEXPIRE', KEY.message, LIMIT.kept_ms)
redis.call('HSET', KEY.message, 'status', status, 'certain', status == 'uncertain' and '0' or '1')
if status == 'uncertain' then redis.call('HSET', KEY.message, 'error', 'OUTCOME_UNKNOWN') end
if status == 'expired' then redis.call('HSET', KEY.message, 'error', 'EXPIRED') end
if ARG.whatsapp_id ~= '' and (status == 'uncertain' or COUNTED_AS[status] == 'sent') then
  redis.call('HSET', KEY.message, 'whatsapp_id', ARG.whatsapp_id)
  redis.call('SET', KEY.whatsapp_key, id, 'PX', LIMIT.kept_ms)
  redis.call('SET', KEY.own_mark, '1', 'PX', LIMIT.kept_ms)
end
if status == 'read' then redis.call('ZREM', KEY.unread, id) end
if way ~= 'recall' then count(KEY.counts, COUNTED_AS[status], 1) end
return 'restored'
