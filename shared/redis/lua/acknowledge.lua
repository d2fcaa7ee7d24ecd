#!lua flags=allow-oom
-- Records what WhatsApp says of a key: ack 1 sent, 2 delivered, 3 and above read. Never goes back. An acknowledgement
-- is evidence from WhatsApp's server, so it needs no lease: whoever saw it, it is true.
-- KEYS 1 key → message id  2 open  3 in flight  4 deadlines  5 events  6 unread  7 counts
-- ARGV 1 ack  2 at_ms  3 cliente_id  4 message key prefix  5 changed channel
-- Returns the status now stored, or 'unknown' (not our message) | 'same'
local id = redis.call('GET', KEYS[1])
if not id then return 'unknown' end
local message_key = ARGV[4] .. id
local entry = redis.call('HMGET', message_key, 'status', 'sent_at', 'delivered_at')
if not entry[1] then return 'unknown' end
local RANK = {queued = 0, sending = 0, failed = 0, uncertain = 0, expired = 0, cancelled = 0, sent = 1, delivered = 2, read = 3}
local NAME = {'sent', 'delivered', 'read'}
local ack = math.min(tonumber(ARGV[1]), 3)
if ack < 1 or ack <= RANK[entry[1]] then return 'same' end
local at = ARGV[2]
redis.call('HSET', message_key, 'status', NAME[ack], 'certain', '1', 'error', '')
if not entry[2] or entry[2] == '' then redis.call('HSET', message_key, 'sent_at', at) end
if ack >= 2 and (not entry[3] or entry[3] == '') then redis.call('HSET', message_key, 'delivered_at', at) end
if ack >= 3 then redis.call('HSET', message_key, 'read_at', at) end
if RANK[entry[1]] == 0 then
  count(KEYS[7], 'sent', 1)
  if entry[1] ~= 'queued' and entry[1] ~= 'sending' then count(KEYS[7], entry[1], -1) end
end
redis.call('ZREM', KEYS[2], id)
redis.call('ZREM', KEYS[3], id)
redis.call('ZREM', KEYS[4], ARGV[3] .. ':' .. id)
redis.call('PEXPIRE', message_key, 604800000)
if ack >= 3 then
  redis.call('PEXPIRE', KEYS[1], 86400000)
  redis.call('ZREM', KEYS[6], id)
else
  redis.call('ZADD', KEYS[6], 'NX', at, id)
  redis.call('ZREMRANGEBYSCORE', KEYS[6], 0, tonumber(at) - 604800000)
end
emit(KEYS[5], 'message.' .. NAME[ack], ARGV[3], id, at, '{"ack":' .. ack .. '}')
redis.call('PUBLISH', ARGV[5], id)
return NAME[ack]
