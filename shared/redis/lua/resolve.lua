#!lua
-- A person settles an uncertain message: it was sent, it was not, or it is to be sent again.
-- KEYS 1 message  2 open  3 deadlines  4 events  5 counts
-- ARGV 1 now_ms  2 message_id  3 cliente_id  4 'sent'|'failed'|'queued'  5 expires_at_ms ('queued')
--      6 event data (JSON)  7 changed channel
-- Returns 'resolved' | the status that forbids it | 'unknown'
local entry = redis.call('HMGET', KEYS[1], 'status', 'cliente_id', 'score')
if not entry[1] or entry[2] ~= ARGV[3] then return 'unknown' end
if entry[1] ~= 'uncertain' then return entry[1] end
count(KEYS[5], 'uncertain', -1)
redis.call('HSET', KEYS[1], 'status', ARGV[4], 'certain', '1')
if ARGV[4] == 'queued' then
  redis.call('PERSIST', KEYS[1])
  redis.call('HSET', KEYS[1], 'error', '', 'whatsapp_id', '', 'boot', '', 'fence', '', 'attempts', '0',
    'not_before', '0', 'expires_at', ARGV[5])
  redis.call('ZADD', KEYS[2], entry[3], ARGV[2])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3] .. ':' .. ARGV[2])
else
  count(KEYS[5], ARGV[4], 1)
  if ARGV[4] == 'sent' then redis.call('HSET', KEYS[1], 'error', '', 'sent_at', ARGV[1]) end
end
emit(KEYS[4], 'message.' .. ARGV[4], ARGV[3], ARGV[2], ARGV[1], ARGV[6])
redis.call('PUBLISH', ARGV[7], ARGV[2])
return 'resolved'
