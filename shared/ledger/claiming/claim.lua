#!lua flags=allow-oom
-- The owner asks for its next piece of work. Recoveries come before new sends, so order is kept.
-- keys: lease, open, in_flight, pace, deadlines, events, counts, sent_today, opted_out, stop_versions, suspended
-- args: token, fence, now_ms, browser_run, message_prefix, cliente_id, gap_ms, delay_ms, bulk_allowed, daily_cap
-- args: day_left_ms, heard_prefix
-- bulk_allowed is '1' where bulk and campaigns may leave, else '0'; a daily_cap of 0 is none; day_left_ms lasts until
-- the tenant's midnight.
-- Returns {'lost'} | {'none', ms until it is worth asking again (-1: not known)}
--         | {'send'|'recover', field, value, …} with the whole ledger entry
local now, prefix, cliente_id = tonumber(ARG.now_ms), ARG.message_prefix, ARG.cliente_id
local PAGE, MAX_LOOKED_AT = 64, 1024

if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return {'lost'} end
if redis.call('SISMEMBER', KEY.suspended, cliente_id) == 1 then return {'none', '-1'} end

local function whole(kind, message)
  local entry = redis.call('HGETALL', message)
  table.insert(entry, 1, kind)
  return entry
end

-- What an earlier browser run left behind. Without a key nothing can have gone out: it is queued again.
local blocked = {}
for _, id in ipairs(redis.call('ZRANGE', KEY.in_flight, 0, -1)) do
  local message = prefix .. id
  local entry = redis.call('HMGET', message, 'browser_run', 'whatsapp_id', 'score', 'to', 'lane', 'next_look', 'status',
    'expires_at', 'recipient_key')
  local keyed = entry[2] and entry[2] ~= ''
  local group = entry[4] and recipient_of(entry[9], entry[4]) .. '/' .. entry[5]
  if not entry[3] then
    redis.call('ZREM', KEY.in_flight, id)
  elseif entry[1] == ARG.browser_run then
    blocked[group] = true
  elseif keyed and tonumber(entry[6] or '0') <= now then
    redis.call('HSET', message, 'fence', ARG.fence)
    return whole('recover', message)
  elseif keyed then
    blocked[group] = true
  elseif move(message, entry[7], EVENT.message_queued, 'fence', '', 'browser_run', '') then
    redis.call('ZREM', KEY.in_flight, id)
    redis.call('ZADD', KEY.open, entry[3], id)
    redis.call('ZADD', KEY.deadlines, entry[8], cliente_id .. ':' .. id)
    emit(KEY.events, EVENT.message_queued, cliente_id, id, ARG.now_ms,
      {cause = 'OWNER_LOST_BEFORE_KEY', certain = true})
  end
end

local pace = redis.call('HMGET', KEY.pace, 'next_any', 'next_bulk')
local next_any, next_bulk = tonumber(pace[1] or '0'), tonumber(pace[2] or '0')
-- A clock that jumped back must not silence a tenant.
if next_any - now > LIMIT.max_pace_ms then next_any = 0 end
if next_bulk - now > LIMIT.max_pace_ms then next_bulk = 0 end
if next_any > now then return {'none', tostring(next_any - now)} end

local function finish(id, message, event, code)
  local ended = move(message, 'queued', event, 'error', code)
  redis.call('ZREM', KEY.open, id)
  redis.call('ZREM', KEY.deadlines, cliente_id .. ':' .. id)
  redis.call('PEXPIRE', message, LIMIT.kept_ms)
  give_back_quota(message)
  count(KEY.counts, ended, 1)
  emit(KEY.events, event, cliente_id, id, ARG.now_ms, {error = code, certain = true})
end

local soonest, offset = -1, 0
local function later(ms)
  if soonest < 0 or ms < soonest then soonest = ms end
end

-- Why bulk and campaigns have to wait now, in ms; -1 where only an answer of WhatsApp's changes that; nil: they need not.
local function bulk_waits()
  if ARG.bulk_allowed == '0' then return -1 end
  if next_bulk > now then return next_bulk - now end
  local cap = tonumber(ARG.daily_cap)
  if cap > 0 and tonumber(redis.call('GET', KEY.sent_today) or '0') >= cap then return tonumber(ARG.day_left_ms) end
  return nil
end

while offset < MAX_LOOKED_AT do
  local ids = redis.call('ZRANGE', KEY.open, offset, offset + PAGE - 1)
  if #ids == 0 then break end
  local removed = 0
  for _, id in ipairs(ids) do
    local message = prefix .. id
    local entry = redis.call('HMGET', message, 'to', 'lane', 'expires_at', 'not_before', 'score', 'status',
      'campaign_id', 'campaign_stop_version', 'delay', 'recipient_key')
    local lane, recipient = tonumber(entry[2]), recipient_of(entry[10], entry[1])
    if entry[6] ~= 'queued' then
      redis.call('ZREM', KEY.open, id)
      removed = removed + 1
    elseif tonumber(entry[3]) <= now then
      finish(id, message, EVENT.message_expired, 'EXPIRED')
      removed = removed + 1
    elseif entry[7] and entry[7] ~= '' and stop_version(KEY.stop_versions, cliente_id, entry[7]) ~= entry[8] then
      finish(id, message, EVENT.message_cancelled, 'CAMPAIGN_STOPPED')
      removed = removed + 1
    elseif is_opted_out(KEY.opted_out, ARG.heard_prefix, lane, recipient) then
      finish(id, message, EVENT.message_failed, 'RECIPIENT_OPTED_OUT')
      removed = removed + 1
    else
      local wait = lane > 0 and bulk_waits() or nil
      if wait then  -- single messages come first: behind this one there are only others of bulk and campaigns
        if wait >= 0 then later(wait) end
        return {'none', tostring(soonest)}
      end
      local group, not_before = recipient .. '/' .. entry[2], tonumber(entry[4] or '0')
      if blocked[group] then
        -- An earlier message to the same recipient is still on its way.
      elseif not_before > now then
        later(not_before - now)
        blocked[group] = true
      else
        move(message, 'queued', EVENT.message_sending, 'fence', ARG.fence, 'browser_run', ARG.browser_run,
          'whatsapp_id', '')
        redis.call('ZREM', KEY.open, id)
        redis.call('ZREM', KEY.deadlines, cliente_id .. ':' .. id)
        redis.call('ZADD', KEY.in_flight, entry[5], id)
        redis.call('HINCRBY', message, 'attempts', 1)
        redis.call('HSET', KEY.pace, 'next_any', now + tonumber(ARG.gap_ms))
        if lane > 0 then
          redis.call('HSET', KEY.pace, 'next_bulk', now + math.max(tonumber(ARG.delay_ms), tonumber(entry[9] or '0')))
          redis.call('INCR', KEY.sent_today)
          redis.call('EXPIRE', KEY.sent_today, LIMIT.sent_today_kept_s)
        end
        emit(KEY.events, EVENT.message_sending, cliente_id, id, ARG.now_ms, {fence = tonumber(ARG.fence)})
        return whole('send', message)
      end
    end
  end
  offset = offset + #ids - removed
end
return {'none', tostring(soonest)}
