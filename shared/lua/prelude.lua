-- Appends one event to the stream. data: a JSON object as text.
local function emit(stream, kind, cliente_id, message_id, at_ms, data)
  redis.call('XADD', stream, '*', 'type', kind, 'cliente_id', cliente_id, 'message_id', message_id, 'at', at_ms, 'data', data)
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
