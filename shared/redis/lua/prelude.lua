-- Appends one event to the stream. data: a JSON object as text.
local function emit(stream, kind, cliente_id, message_id, at_ms, data)
  redis.call('XADD', stream, '*', 'type', kind, 'cliente_id', cliente_id, 'message_id', message_id, 'at', at_ms, 'data', data)
end

-- True where a number asked not to be written to. A single message may still answer who wrote within 24 h.
local function is_opted_out(opted_out, heard_prefix, lane, number)
  if redis.call('SISMEMBER', opted_out, number) == 0 then return false end
  return lane > 0 or redis.call('EXISTS', heard_prefix .. number) == 0
end

-- The epoch that a campaign's release must carry: everybody's, the tenant's and its own. Whoever stops one raises it.
local function campaign_epoch(epochs, cliente_id, campaign_id)
  local parts = redis.call('HMGET', epochs, '*', '*' .. cliente_id, campaign_id)
  return (parts[1] or '0') .. '.' .. (parts[2] or '0') .. '.' .. (parts[3] or '0')
end

-- A campaign message that ends before anything went out no longer counts for its day.
local function give_back_quota(message_key)
  local counter = redis.call('HGET', message_key, 'quota_key')
  if counter and counter ~= '' then
    redis.call('HSET', message_key, 'quota_key', '')
    if redis.call('EXISTS', counter) == 1 then redis.call('DECR', counter) end
  end
end

-- Counts messages by how they stand, apart from the indexes: the two must always add up (housekeeping compares them).
local function count(counts_key, field, change)
  redis.call('HINCRBY', counts_key, field, change)
end

-- True where whoever wrote the session's snapshot still holds the lease.
local function snapshot_is_owned(lease_key, session_key)
  local value = redis.call('GET', lease_key)
  if not value then return false end
  return string.match(value, '^%S+ (%S+)') == redis.call('HGET', session_key, 'fence')
end

-- True while the caller still owns the session: the lease's value must be its own, token and fence.
-- lease value: '<token> <fence> <store> <pid> <host>'
local function holds_lease(lease_key, token, fence)
  local value = redis.call('GET', lease_key)
  if not value then return false end
  local held_token, held_fence = string.match(value, '^(%S+) (%S+)')
  return held_token == token and held_fence == tostring(fence)
end
