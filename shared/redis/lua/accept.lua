#!lua
-- Accepts one message: ledger entry, open index, doorbell and event together, or nothing (DESIGN, step 2).
-- KEYS 1 message  2 open  3 sequence  4 idempotency  5 rate  6 session  7 lease  8 queue list  9 deadlines
--      10 events  11 wanted  12 counts  13 opted out  14 campaign epochs  15 campaign message in hand  16 quota of the day
-- ARGV 1 now_ms  2 message_id  3 cliente_id  4 lane  5 expires_at_ms  6 'reject'|'queue'  7 body digest or ''
--      8 queue limit  9 rate limit per minute (0: none)  10 bell (bytes)  11 event data (JSON)  12 wake channel
--      13 wanted value (JSON)  14 heard prefix  15 message key prefix  16 to  17 campaign id or ''  18 campaign epoch
--      19 quota of the day or ''  20… field, value pairs of the ledger entry
-- Returns {'accepted', woke '0'|'1'} | {'duplicate', message_id} | {'conflict'} | {'rate', seconds} | {'full'}
--         | {'not_ready', status or '', last_error_message or ''} | {'opted_out'}
--         | {'stopped'} | {'in_hand'} | {'quota'}, of a campaign's release
local now, id, cliente_id = tonumber(ARGV[1]), ARGV[2], ARGV[3]

if ARGV[7] ~= '' then
  local known = redis.call('GET', KEYS[4])
  if known then
    local digest, first_id = string.match(known, '^([^:]*):(.*)$')
    if digest ~= ARGV[7] then return {'conflict'} end
    return {'duplicate', first_id}
  end
end

-- A release that broke off half-way is repeated under the same id.
if redis.call('EXISTS', KEYS[1]) == 1 then return {'duplicate', id} end

local of_campaign = ARGV[17] ~= ''
if of_campaign and campaign_epoch(KEYS[14], cliente_id, ARGV[17]) ~= ARGV[18] then return {'stopped'} end
if is_opted_out(KEYS[13], ARGV[14], tonumber(ARGV[4]), ARGV[16]) then return {'opted_out'} end
if of_campaign then
  local before = redis.call('GET', KEYS[15])
  local status = before and redis.call('HGET', ARGV[15] .. before, 'status')
  if status == 'queued' or status == 'sending' then return {'in_hand'} end
  if ARGV[19] ~= '' and tonumber(redis.call('GET', KEYS[16]) or '0') >= tonumber(ARGV[19]) then return {'quota'} end
end

local owned = redis.call('EXISTS', KEYS[7]) == 1
if ARGV[6] == 'reject' then
  local session = redis.call('HMGET', KEYS[6], 'status', 'last_error_message')
  local status = session[1] or 'DISCONNECTED'
  if status == 'READY' and not snapshot_is_owned(KEYS[7], KEYS[6]) then status = 'DISCONNECTED' end
  if status ~= 'READY' then return {'not_ready', status, session[2] or ''} end
end

local rate_limit = tonumber(ARGV[9])
if rate_limit > 0 then
  local used = tonumber(redis.call('GET', KEYS[5]) or '0')
  if used >= rate_limit then return {'rate', tostring(60 - math.floor(now / 1000) % 60)} end
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[8]) then return {'full'} end

if rate_limit > 0 then
  redis.call('INCR', KEYS[5])
  redis.call('EXPIRE', KEYS[5], 120)
end
local score = tonumber(ARGV[4]) * 1099511627776 + redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[1], 'score', string.format('%.0f', score), unpack(ARGV, 20))
redis.call('ZADD', KEYS[2], string.format('%.0f', score), id)
redis.call('ZADD', KEYS[9], ARGV[5], cliente_id .. ':' .. id)
if ARGV[7] ~= '' then redis.call('SET', KEYS[4], ARGV[7] .. ':' .. id, 'PX', 86400000) end
redis.call('LPUSH', KEYS[8], ARGV[10])
count(KEYS[12], 'accepted', 1)
if of_campaign then
  redis.call('SET', KEYS[15], id)
  redis.call('INCR', KEYS[16])
  redis.call('EXPIRE', KEYS[16], 259200)
end
emit(KEYS[10], 'message.queued', cliente_id, id, ARGV[1], ARGV[11])

local woke = '0'
if not owned then
  if ARGV[6] == 'queue' then
    woke = tostring(redis.call('HSETNX', KEYS[11], cliente_id, ARGV[13]))
  end
  redis.call('PUBLISH', ARGV[12], cliente_id)
end
return {'accepted', woke}
