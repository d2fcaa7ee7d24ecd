#!lua flags=allow-oom
-- Brings a message back whose ledger entry is gone, from what SQL recorded. Never overwrites an entry.
-- KEYS 1 message  2 open  3 in flight  4 held  5 deadlines  6 events  7 counts  8 rebuilt marker  9 key → message id
-- ARGV 1 now_ms  2 message_id  3 cliente_id
--      4 'queued' | 'held' | 'uncertain' | 'expired', or 'restore': uncertain, and counted as such before
--      5 lane  6 expires_at_ms  7 the rebuilt marker the caller saw ('': none)  8 event data (JSON)
--      9 WhatsApp's key or ''  10… field, value pairs of the entry
-- Returns 'readmitted' | 'known' (the ledger has it) | 'changed' (Redis was emptied or rebuilt meanwhile)
local id, member, as = ARGV[2], ARGV[3] .. ':' .. ARGV[2], ARGV[4]
if (redis.call('GET', KEYS[8]) or '') ~= ARGV[7] then return 'changed' end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'known' end
local indexed = redis.call('ZREM', KEYS[2], id) + redis.call('ZREM', KEYS[3], id) + redis.call('ZREM', KEYS[4], id)
redis.call('ZREM', KEYS[5], member)
-- What stood in an index was counted when it was accepted; a Redis that came up empty counts it anew.
if indexed == 0 and as ~= 'restore' then count(KEYS[7], 'accepted', 1) end

-- Before all that waits in its lane: it is older. Callers bring the newest first.
local LANE = 1099511627776
local base = tonumber(ARGV[5]) * LANE
local score = base
for _, index in ipairs({KEYS[2], KEYS[4]}) do
  local first = redis.call('ZRANGEBYSCORE', index, base - LANE / 2, base + LANE / 2, 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] and tonumber(first[2]) - 1 < score then score = tonumber(first[2]) - 1 end
end
score = string.format('%.0f', score)
redis.call('HSET', KEYS[1], 'score', score, unpack(ARGV, 10))

if as == 'queued' or as == 'held' then
  redis.call('HSET', KEYS[1], 'status', 'queued', 'error', as == 'held' and 'HELD_NUMBER_CHANGED' or '')
  redis.call('ZADD', KEYS[as == 'held' and 4 or 2], score, id)
  redis.call('ZADD', KEYS[5], ARGV[6], member)
  emit(KEYS[6], 'message.readmitted', ARGV[3], id, ARGV[1], ARGV[8])
  return 'readmitted'
end
redis.call('PEXPIRE', KEYS[1], 604800000)
if as == 'expired' then
  redis.call('HSET', KEYS[1], 'status', 'expired', 'error', 'EXPIRED', 'certain', '1')
else
  redis.call('HSET', KEYS[1], 'status', 'uncertain', 'error', 'OUTCOME_UNKNOWN', 'certain', '0')
  if ARGV[9] ~= '' then
    redis.call('HSET', KEYS[1], 'whatsapp_id', ARGV[9])
    redis.call('SET', KEYS[9], id, 'PX', 604800000)
  end
  if as == 'restore' then return 'readmitted' end
end
count(KEYS[7], as, 1)
emit(KEYS[6], 'message.' .. as, ARGV[3], id, ARGV[1], ARGV[8])
return 'readmitted'
