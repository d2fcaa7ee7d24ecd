#!lua flags=allow-oom
-- The owner asks for its next piece of work (DESIGN, step 3). Recoveries come before new sends, so order is kept.
-- KEYS 1 lease  2 open  3 in flight  4 pace  5 deadlines  6 events  7 counts  8 sent today (bulk and campaigns)
--      9 opted out  10 campaign epochs
-- ARGV 1 token  2 fence  3 now_ms  4 boot id  5 message key prefix  6 cliente_id  7 gap_ms  8 delay_ms
--      9 '1' where bulk and campaigns may leave, else '0'  10 daily cap (0: none)  11 ms until the tenant's midnight
--      12 heard prefix
-- Returns {'lost'} | {'none', ms until it is worth asking again (-1: not known)}
--         | {'send'|'recover', field, value, …} with the whole ledger entry
local token, fence, now, boot, prefix, cliente_id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local LANE = 1099511627776
local WINDOW, MOST = 64, 1024

if not holds_lease(KEYS[1], token, fence) then return {'lost'} end

local function reopen(id, message_key, entry_score)
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZADD', KEYS[2], entry_score, id)
  redis.call('HSET', message_key, 'status', 'queued', 'fence', '', 'boot', '')
  local expires = redis.call('HGET', message_key, 'expires_at')
  redis.call('ZADD', KEYS[5], expires, cliente_id .. ':' .. id)
  emit(KEYS[6], 'message.queued', cliente_id, id, ARGV[3], '{"cause":"OWNER_LOST_BEFORE_KEY","certain":true}')
end

-- What an earlier browser left behind. Without a key nothing can have gone out: it is queued again.
local blocked = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local message_key = prefix .. id
  local entry = redis.call('HMGET', message_key, 'boot', 'whatsapp_id', 'score', 'to', 'lane', 'next_look')
  if not entry[3] then
    redis.call('ZREM', KEYS[3], id)
  elseif entry[1] ~= boot then
    if entry[2] and entry[2] ~= '' then
      if tonumber(entry[6] or '0') <= now then
        redis.call('HSET', message_key, 'fence', fence)
        local whole = redis.call('HGETALL', message_key)
        table.insert(whole, 1, 'recover')
        return whole
      end
      blocked[entry[4] .. '/' .. entry[5]] = true
    else
      reopen(id, message_key, entry[3])
    end
  else
    blocked[entry[4] .. '/' .. entry[5]] = true
  end
end

local pace = redis.call('HMGET', KEYS[4], 'next_any', 'next_bulk')
local next_any, next_bulk = tonumber(pace[1] or '0'), tonumber(pace[2] or '0')
-- A clock that jumped back must not silence a tenant: no wait is longer than a day.
if next_any - now > 86400000 then next_any = 0 end
if next_bulk - now > 86400000 then next_bulk = 0 end
if next_any > now then return {'none', tostring(next_any - now)} end

local function close(id, message_key, status, code)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[5], cliente_id .. ':' .. id)
  redis.call('HSET', message_key, 'status', status, 'error', code)
  redis.call('PEXPIRE', message_key, 604800000)
  give_back_quota(message_key)
  count(KEYS[7], status, 1)
  emit(KEYS[6], 'message.' .. status, cliente_id, id, ARGV[3], '{"error":"' .. code .. '","certain":true}')
end

local soonest, offset = -1, 0
local function later(ms)
  if soonest < 0 or ms < soonest then soonest = ms end
end
while offset < MOST do
  local ids = redis.call('ZRANGE', KEYS[2], offset, offset + WINDOW - 1)
  if #ids == 0 then break end
  local removed = 0
  for _, id in ipairs(ids) do
    local message_key = prefix .. id
    local entry = redis.call('HMGET', message_key, 'to', 'lane', 'expires_at', 'not_before', 'score', 'status',
      'campaign_id', 'campaign_epoch', 'delay')
    if entry[6] ~= 'queued' then
      redis.call('ZREM', KEYS[2], id)
      removed = removed + 1
    elseif tonumber(entry[3]) <= now then
      close(id, message_key, 'expired', 'EXPIRED')
      removed = removed + 1
    elseif entry[7] and entry[7] ~= '' and campaign_epoch(KEYS[10], cliente_id, entry[7]) ~= entry[8] then
      close(id, message_key, 'cancelled', 'CAMPAIGN_STOPPED')
      removed = removed + 1
    elseif is_opted_out(KEYS[9], ARGV[12], tonumber(entry[2]), entry[1]) then
      close(id, message_key, 'failed', 'RECIPIENT_OPTED_OUT')
      removed = removed + 1
    else
      local lane = tonumber(entry[2])
      local group = entry[1] .. '/' .. entry[2]
      if lane > 0 and ARGV[9] == '0' then return {'none', tostring(soonest)} end
      if lane > 0 and next_bulk > now then
        later(next_bulk - now)
        return {'none', tostring(soonest)}
      end
      local cap = tonumber(ARGV[10])
      if lane > 0 and cap > 0 and tonumber(redis.call('GET', KEYS[8]) or '0') >= cap then
        later(tonumber(ARGV[11]))
        return {'none', tostring(soonest)}
      end
      local not_before = tonumber(entry[4] or '0')
      if blocked[group] then
        -- An earlier message to the same recipient is still on its way.
      elseif not_before > now then
        later(not_before - now)
        blocked[group] = true
      else
        redis.call('ZREM', KEYS[2], id)
        redis.call('ZREM', KEYS[5], cliente_id .. ':' .. id)
        redis.call('ZADD', KEYS[3], entry[5], id)
        redis.call('HINCRBY', message_key, 'attempts', 1)
        redis.call('HSET', message_key, 'status', 'sending', 'fence', fence, 'boot', boot, 'whatsapp_id', '')
        redis.call('HSET', KEYS[4], 'next_any', now + tonumber(ARGV[7]))
        if lane > 0 then
          redis.call('HSET', KEYS[4], 'next_bulk', now + math.max(tonumber(ARGV[8]), tonumber(entry[9] or '0')))
          redis.call('INCR', KEYS[8])
          redis.call('EXPIRE', KEYS[8], 172800)
        end
        emit(KEYS[6], 'message.sending', cliente_id, id, ARGV[3], '{"fence":' .. fence .. '}')
        local whole = redis.call('HGETALL', message_key)
        table.insert(whole, 1, 'send')
        return whole
      end
    end
  end
  offset = offset + #ids - removed
end
return {'none', tostring(soonest)}
