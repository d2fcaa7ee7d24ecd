#!lua
-- Accepts one message: ledger entry, open index, notification of the session's owner and event together, or nothing.
-- keys: message, open, sequence, idempotency, rate, session, lease, queue, deadlines, events, wanted, counts
-- keys: opted_out, stop_versions, campaign_in_flight, quota, incarnation
-- args: now_ms, message_id, cliente_id, lane, expires_at, on_not_ready, body_digest, queue_limit, rate_limit
-- args: text_bytes, memory_limit
-- args: notification, event, wake_channel, wanted, heard_prefix, message_prefix, recipient, campaign_id, stop_version, quota
-- args: keys_looked_up
-- rest: field, value pairs of the ledger entry
-- on_not_ready is 'reject' or 'queue'; body_digest, campaign_id and quota may be ''; a rate_limit or memory_limit of 0 is none.
-- keys_looked_up is '1' where SQL was asked for the idempotency key, for an emptied or older Redis lacks it.
-- Returns {'accepted', woke '0'|'1'} | {'duplicate', message_id} | {'conflict'} | {'rate', seconds}
--         | {'full', 'queue'|'memory'} | {'look_up'}: nobody knows here whether the key was used before
--         | {'not_ready', status, last_error_message or ''} | {'opted_out'}
--         | {'stopped'} | {'in_flight'} | {'quota'}, of a campaign's release
local id, cliente_id, lane = ARG.message_id, ARG.cliente_id, tonumber(ARG.lane)

if ARG.body_digest ~= '' then
  local known = redis.call('GET', KEY.idempotency)
  if known then
    local digest, first_id = string.match(known, '^([^:]*):(.*)$')
    if digest ~= ARG.body_digest then return {'conflict'} end
    return {'duplicate', first_id}
  end
end

-- What broke off half-way is repeated under the same id.
if redis.call('EXISTS', KEY.message) == 1 then return {'duplicate', id} end
if ARG.body_digest ~= '' and ARG.keys_looked_up ~= '1' and not claims_open(KEY.incarnation) then
  return {'look_up'}
end

local of_campaign = ARG.campaign_id ~= ''
if of_campaign and stop_version(KEY.stop_versions, cliente_id, ARG.campaign_id) ~= ARG.stop_version then
  return {'stopped'}
end
if is_opted_out(KEY.opted_out, ARG.heard_prefix, lane, ARG.recipient) then return {'opted_out'} end
if of_campaign then
  local before = redis.call('GET', KEY.campaign_in_flight)
  local status = before and redis.call('HGET', ARG.message_prefix .. before, 'status')
  if status == 'queued' or status == 'sending' then return {'in_flight'} end
  if ARG.quota ~= '' and tonumber(redis.call('GET', KEY.quota) or '0') >= tonumber(ARG.quota) then return {'quota'} end
end

if ARG.on_not_ready == 'reject' then
  local status, last_error = reliable_status(KEY.lease, KEY.session)
  if status ~= 'READY' then return {'not_ready', status, last_error} end
end

local rate_limit = tonumber(ARG.rate_limit)
if rate_limit > 0 then
  local used = tonumber(redis.call('GET', KEY.rate) or '0')
  if used >= rate_limit then return {'rate', tostring(60 - math.floor(tonumber(ARG.now_ms) / 1000) % 60)} end
end
if redis.call('ZCARD', KEY.open) >= tonumber(ARG.queue_limit) then return {'full', 'queue'} end
local bytes, memory_limit = tonumber(ARG.text_bytes) + LIMIT.entry_bytes, tonumber(ARG.memory_limit)
if memory_limit > 0 and tonumber(redis.call('HGET', KEY.counts, 'bytes') or '0') + bytes > memory_limit then
  return {'full', 'memory'}
end

if rate_limit > 0 then
  redis.call('INCR', KEY.rate)
  redis.call('EXPIRE', KEY.rate, 120)
end
local score = string.format('%.0f', lane * LIMIT.lane_width + redis.call('INCR', KEY.sequence))
redis.call('HSET', KEY.message, 'score', score, unpack(REST))
redis.call('ZADD', KEY.open, score, id)
redis.call('ZADD', KEY.deadlines, ARG.expires_at, cliente_id .. ':' .. id)
if ARG.body_digest ~= '' then
  redis.call('SET', KEY.idempotency, ARG.body_digest .. ':' .. id, 'PX', LIMIT.idempotency_ms)
end
-- Who has been notified often enough asks until nothing waits; a session that never starts must not fill Redis.
if redis.call('LLEN', KEY.queue) < LIMIT.notifications then redis.call('LPUSH', KEY.queue, ARG.notification) end
count(KEY.counts, 'accepted', 1)
count(KEY.counts, 'bytes', bytes)
if of_campaign then
  redis.call('SET', KEY.campaign_in_flight, id)
  redis.call('INCR', KEY.quota)
  redis.call('EXPIRE', KEY.quota, LIMIT.quota_kept_s)
end
emit(KEY.events, EVENT.message_queued, cliente_id, id, ARG.now_ms, ARG.event)

local woke = '0'
if redis.call('EXISTS', KEY.lease) == 0 then
  if ARG.on_not_ready == 'queue' then
    woke = tostring(redis.call('HSETNX', KEY.wanted, cliente_id, ARG.wanted))
  end
  redis.call('PUBLISH', ARG.wake_channel, cliente_id)
end
return {'accepted', woke}
