#!lua flags=allow-oom
-- Persists WhatsApp's message key before the message is handed over (DESIGN, step 4), while enough lease remains.
-- KEYS 1 lease  2 message  3 key → message id  4 events  5 opted out  6 campaign epochs
-- ARGV 1 token  2 fence  3 now_ms  4 message_id  5 cliente_id  6 whatsapp key  7 chat id  8 epoch  9 boot id
--      10 lease that must remain (ms)  11 event data (JSON)  12 heard prefix
-- Returns 'ok' | 'lost' | 'short' | 'gone' (no longer sending under this fence) | 'late'
-- (a campaign's message that must not leave any more: its window is over, it was stopped, or the number opted out)
if not holds_lease(KEYS[1], ARGV[1], ARGV[2]) then return 'lost' end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[10]) then return 'short' end
local entry = redis.call('HMGET', KEYS[2], 'status', 'fence')
if entry[1] ~= 'sending' or entry[2] ~= ARGV[2] then return 'gone' end
local release = redis.call('HMGET', KEYS[2], 'campaign_id', 'campaign_epoch', 'expires_at', 'lane', 'to')
if release[1] and release[1] ~= '' then
  if tonumber(release[3]) <= tonumber(ARGV[3])
    or campaign_epoch(KEYS[6], ARGV[5], release[1]) ~= release[2]
    or is_opted_out(KEYS[5], ARGV[12], tonumber(release[4]), release[5]) then
    return 'late'
  end
end
redis.call('HSET', KEYS[2], 'whatsapp_id', ARGV[6], 'chat_id', ARGV[7], 'epoch', ARGV[8], 'boot', ARGV[9])
redis.call('SET', KEYS[3], ARGV[4], 'PX', 604800000)
emit(KEYS[4], 'message.key', ARGV[5], ARGV[4], ARGV[3], ARGV[11])
return 'ok'
