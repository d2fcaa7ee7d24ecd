#!lua flags=allow-oom
-- Puts one message right that stands in no index, or in the wrong one: the entry says what it is, the indexes follow.
-- Claims then treat it like any other: `sending` goes back in flight, where the owner recovers it by its key.
-- KEYS 1 message  2 open  3 in flight  4 held  5 deadlines  6 events  7 counts
-- ARGV 1 now_ms  2 message_id  3 cliente_id
--      4 of an index entry without a message: 'settled': it is taken out; 'unknown': the same, and counted; else ''
-- Returns 'ok' (nothing was wrong) | 'readopted' | 'cleared' (settled, taken out of an index)
--         | 'gone' (no message; nothing was done) | 'dropped' | 'foreign' (another tenant's)
local id, member = ARGV[2], ARGV[3] .. ':' .. ARGV[2]
local entry = redis.call('HMGET', KEYS[1], 'status', 'score', 'expires_at', 'cliente_id', 'error')
if not entry[1] then
  if ARGV[4] == '' then return 'gone' end
  local found = redis.call('ZREM', KEYS[2], id) + redis.call('ZREM', KEYS[3], id) + redis.call('ZREM', KEYS[4], id)
  redis.call('ZREM', KEYS[5], member)
  if found == 0 then return 'gone' end
  if ARGV[4] == 'unknown' then
    count(KEYS[7], 'uncertain', 1)
    emit(KEYS[6], 'message.uncertain', ARGV[3], id, ARGV[1],
      '{"error":"OUTCOME_UNKNOWN","cause":"ENTRY_LOST","certain":false}')
  end
  return 'dropped'
end
if entry[4] ~= ARGV[3] then return 'foreign' end

local in_open = redis.call('ZSCORE', KEYS[2], id) ~= false
local in_flight = redis.call('ZSCORE', KEYS[3], id) ~= false
local in_held = redis.call('ZSCORE', KEYS[4], id) ~= false
if entry[1] == 'queued' then
  if (in_open or in_held) and not in_flight and not (in_open and in_held) then return 'ok' end
  redis.call('ZREM', KEYS[3], id)
  if in_held or entry[5] == 'HELD_NUMBER_CHANGED' then
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZADD', KEYS[4], entry[2], id)
  else
    redis.call('ZADD', KEYS[2], entry[2], id)
  end
  redis.call('ZADD', KEYS[5], entry[3], member)
elseif entry[1] == 'sending' then
  if in_flight and not in_open and not in_held then return 'ok' end
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZADD', KEYS[3], entry[2], id)
else
  if not in_open and not in_flight and not in_held then return 'ok' end
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZREM', KEYS[5], member)
  return 'cleared'
end
emit(KEYS[6], 'message.readopted', ARGV[3], id, ARGV[1], '{"cause":"NO_INDEX"}')
return 'readopted'
