#!lua flags=allow-oom
-- The owner asks for its next piece of work. Recoveries come before new sends, so order is kept.
-- keys: lease, open, in_flight, pace, deadlines, events, counts, sent_today, opted_out, stop_versions, suspended
-- keys: scan, incarnation
-- args: token, fence, now_ms, browser_run, message_prefix, cliente_id, gap_ms, delay_ms, bulk_allowed, daily_cap
-- args: day_left_ms, heard_prefix, changed_channel, media_allowed, seen_incarnation, seen_steps
-- bulk_allowed is '1' where bulk and campaigns may leave, else '0', and media_allowed where messages with a file may; a
-- daily_cap of 0 is none; day_left_ms lasts until the tenant's midnight.
-- A look at the open index that has not come to its end goes on in the next call: `scan` has where, and who may not be
-- overtaken. It lasts for seconds only: any message found, and the end of the index, begin a new one.
-- Returns {'lost'} | {'closed'} (what this Redis holds was not compared with SQL yet)
--         | {'none', ms until it is worth asking again (-1: not known)}
--         | {'recover', field, value, …} with the whole ledger entry
--         | {'send', incarnation, steps, field, value, …} the same, and how far the owner has come by it
-- seen_incarnation, seen_steps: how far it knows that it had come.
local now, prefix, cliente_id = tonumber(ARG.now_ms), ARG.message_prefix, ARG.cliente_id
local PAGE, MAX_LOOKED_AT, SCAN_KEPT_MS = 64, 1024, 5000

if is_older(KEY.incarnation, KEY.pace, ARG.seen_incarnation, ARG.seen_steps) then return {'closed'} end
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return {'lost'} end
if not claims_open(KEY.incarnation) then return {'closed'} end
if redis.call('SISMEMBER', KEY.suspended, cliente_id) == 1 then return {'none', '-1'} end

local function whole(kind, message)
  local entry = redis.call('HGETALL', message)
  table.insert(entry, 1, kind)
  return entry
end

-- Whether a message waits for this moment. None waits for long: what is further away was set by a clock put back since.
local function is_later(at_ms)
  return at_ms > now and at_ms - now <= LIMIT.max_backoff_ms
end

-- What an earlier browser run left behind. Without a key nothing can have gone out: it is queued again.
local blocked, newly_blocked = {}, {}
local function block(group, until_ms)
  blocked[group], newly_blocked[group] = true, until_ms
end
for _, id in ipairs(redis.call('ZRANGE', KEY.in_flight, 0, -1)) do
  local message = prefix .. id
  local entry = redis.call('HMGET', message, 'browser_run', 'whatsapp_id', 'score', 'to', 'lane', 'next_look', 'status',
    'expires_at', 'recipient_key')
  local keyed = entry[2] and entry[2] ~= ''
  local group = entry[4] and recipient_of(entry[9], entry[4]) .. '/' .. entry[5]
  if not entry[3] then
    redis.call('ZREM', KEY.in_flight, id)
  elseif entry[1] == ARG.browser_run then
    block(group, 0)
  elseif keyed and not is_later(tonumber(entry[6] or '0')) then
    redis.call('HSET', message, 'fence', ARG.fence)
    return whole('recover', message)
  elseif keyed then
    block(group, 0)
  elseif move(message, entry[7], EVENT.message_queued, 'fence', '', 'browser_run', '') then
    give_back_place(message)
    redis.call('ZREM', KEY.in_flight, id)
    redis.call('ZADD', KEY.open, entry[3], id)
    redis.call('ZADD', KEY.deadlines, entry[8], cliente_id .. ':' .. id)
    emit(KEY.events, EVENT.message_queued, cliente_id, id, ARG.now_ms,
      {cause = 'OWNER_LOST_BEFORE_KEY', certain = true})
  end
end

-- When the next message may leave: no later than in the wait that was meant, as a clock may have been put back meanwhile.
local function next_at(field, meant)
  local kept = redis.call('HMGET', KEY.pace, field, meant)
  local at, latest = tonumber(kept[1] or '0'), now + tonumber(kept[2] or LIMIT.max_pace_ms)
  if at <= latest then return at end
  redis.call('HSET', KEY.pace, field, latest)
  return latest
end
local next_any, next_bulk = next_at('next_any', 'any_ms'), next_at('next_bulk', 'bulk_ms')
if next_any > now then return {'none', tostring(next_any - now)} end

local function finish(id, message, event, code)
  local ended = move(message, 'queued', event, 'error', code)
  redis.call('ZREM', KEY.open, id)
  redis.call('ZREM', KEY.deadlines, cliente_id .. ':' .. id)
  redis.call('PEXPIRE', message, LIMIT.kept_ms)
  give_back_quota(message)
  count(KEY.counts, ended, 1)
  emit(KEY.events, event, cliente_id, id, ARG.now_ms, {error = code, certain = true})
  redis.call('PUBLISH', ARG.changed_channel, id)
end

local soonest = -1
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

-- Whether a message has a file that the page would upload first.
local function has_file(message)
  local content = redis.call('HGET', message, 'content')
  local media = content and content ~= '' and cjson.decode(content).media
  return media and media ~= cjson.null
end

-- Where the last call stopped, if it did, and whom it found blocked: '<recipient>/<lane>' and until when, 0 for not known.
local from, looked_at, before = '-inf', 0, redis.call('HGETALL', KEY.scan)
for at = 1, #before, 2 do
  if before[at] == 'from' then
    from = before[at + 1]
  else
    local until_ms = tonumber(before[at + 1])
    blocked[before[at]] = true
    if until_ms > 0 then later(math.max(1, until_ms - now)) end
  end
end

while looked_at < MAX_LOOKED_AT do
  -- The score is looked at again where it was stopped at: two messages may have one.
  local page = redis.call('ZRANGEBYSCORE', KEY.open, from, '+inf', 'WITHSCORES', 'LIMIT', 0, PAGE)
  for at = 1, #page, 2 do
    local id = page[at]
    local message = prefix .. id
    local entry = redis.call('HMGET', message, 'to', 'lane', 'expires_at', 'not_before', 'score', 'status',
      'campaign_id', 'campaign_stop_version', 'delay', 'recipient_key')
    local lane, recipient = tonumber(entry[2]), recipient_of(entry[10], entry[1])
    if entry[6] ~= 'queued' then
      redis.call('ZREM', KEY.open, id)
    elseif tonumber(entry[3]) <= now then
      finish(id, message, EVENT.message_expired, 'EXPIRED')
    elseif entry[7] and entry[7] ~= '' and stop_version(KEY.stop_versions, cliente_id, entry[7]) ~= entry[8] then
      finish(id, message, EVENT.message_cancelled, 'CAMPAIGN_STOPPED')
    elseif is_opted_out(KEY.opted_out, ARG.heard_prefix, lane, recipient) then
      finish(id, message, EVENT.message_failed, 'RECIPIENT_OPTED_OUT')
    else
      local wait = lane > 0 and bulk_waits() or nil
      if wait then  -- single messages come first: behind this one there are only others of bulk and campaigns
        if wait >= 0 then later(wait) end
        redis.call('DEL', KEY.scan)
        return {'none', tostring(soonest)}
      end
      local group, not_before = recipient .. '/' .. entry[2], tonumber(entry[4] or '0')
      if blocked[group] then
        -- An earlier message to the same recipient is still on its way.
      elseif is_later(not_before) then
        later(not_before - now)
        block(group, not_before)
      elseif ARG.media_allowed == '0' and has_file(message) then
        block(group, 0)
      else
        redis.call('DEL', KEY.scan)
        move(message, 'queued', EVENT.message_sending, 'fence', ARG.fence, 'browser_run', ARG.browser_run,
          'whatsapp_id', '')
        redis.call('ZREM', KEY.open, id)
        redis.call('ZREM', KEY.deadlines, cliente_id .. ':' .. id)
        redis.call('ZADD', KEY.in_flight, entry[5], id)
        redis.call('HINCRBY', message, 'attempts', 1)
        redis.call('HSET', KEY.pace, 'next_any', now + tonumber(ARG.gap_ms), 'any_ms', ARG.gap_ms)
        if lane > 0 then
          local delay_ms = math.max(tonumber(ARG.delay_ms), tonumber(entry[9] or '0'))
          redis.call('HSET', KEY.pace, 'next_bulk', now + delay_ms, 'bulk_ms', delay_ms)
          redis.call('INCR', KEY.sent_today)
          redis.call('EXPIRE', KEY.sent_today, LIMIT.sent_today_kept_s)
          redis.call('HSET', message, 'place_key', KEY.sent_today)
        end
        emit(KEY.events, EVENT.message_sending, cliente_id, id, ARG.now_ms, {fence = tonumber(ARG.fence)})
        local answer, id, steps = whole('send', message), take_step(KEY.incarnation, KEY.pace)
        table.insert(answer, 2, id)
        table.insert(answer, 3, tostring(steps))
        return answer
      end
    end
  end
  looked_at = looked_at + #page / 2
  if #page < 2 * PAGE then
    redis.call('DEL', KEY.scan)
    return {'none', tostring(soonest)}
  end
  from = page[#page]
end

-- Not at the end yet: the owner asks again at once.
for group, until_ms in pairs(newly_blocked) do redis.call('HSET', KEY.scan, group, until_ms) end
redis.call('HSET', KEY.scan, 'from', from)
redis.call('PEXPIRE', KEY.scan, SCAN_KEPT_MS)
return {'none', '0'}
