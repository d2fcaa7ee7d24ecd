#!lua flags=allow-oom
-- The owner ends one attempt without an acknowledgement: queued again, failed, uncertain, or to be looked at later.
-- KEYS 1 lease  2 message  3 open  4 in flight  5 deadlines  6 events  7 counts
-- ARGV 1 token  2 fence  3 now_ms  4 message_id  5 cliente_id  6 outcome 'queued'|'failed'|'uncertain'|'later'|'adopt'
--      7 error code  8 not_before_ms ('queued') or next_look_ms ('later')  9 most attempts ('queued')  10 boot id
--      11 event data (JSON)  12 changed channel
-- Returns the status now stored, or 'lost' | 'gone'
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return 'lost' end
local entry = redis.call('HMGET', KEYS[2], 'status', 'fence', 'score', 'attempts', 'expires_at')
if entry[1] ~= 'sending' or entry[2] ~= ARGV[2] then return 'gone' end
local id, member, outcome, code = ARGV[4], ARGV[5] .. ':' .. ARGV[4], ARGV[6], ARGV[7]

if outcome == 'later' then
  redis.call('HSET', KEYS[2], 'next_look', ARGV[8], 'error', code)
  return 'sending'
end
if outcome == 'adopt' then
  redis.call('HSET', KEYS[2], 'boot', ARGV[10])
  return 'sending'
end

if outcome == 'queued' then
  if tonumber(entry[5]) <= tonumber(ARGV[3]) then
    outcome = 'expired'
  elseif tonumber(entry[4]) >= tonumber(ARGV[9]) then
    outcome = 'failed'
  end
end

redis.call('ZREM', KEYS[4], id)
if outcome == 'queued' then
  redis.call('ZADD', KEYS[3], entry[3], id)
  redis.call('ZADD', KEYS[5], entry[5], member)
  redis.call('HSET', KEYS[2], 'status', 'queued', 'error', code, 'not_before', ARGV[8], 'whatsapp_id', '', 'fence', '',
    'boot', '')
else
  redis.call('HSET', KEYS[2], 'status', outcome, 'error', code, 'certain', outcome == 'uncertain' and '0' or '1')
  redis.call('PEXPIRE', KEYS[2], 604800000)
  count(KEYS[7], outcome, 1)
  if outcome == 'expired' then give_back_quota(KEYS[2]) end
end
emit(KEYS[6], 'message.' .. outcome, ARGV[5], id, ARGV[3], ARGV[11])
redis.call('PUBLISH', ARGV[12], id)
return outcome
