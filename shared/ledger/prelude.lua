-- The only place that writes a message's status: what the table of transitions does not allow changes nothing.
-- Further arguments are field, value pairs of the entry. Returns the new status, or nil where it is not allowed.
local function move(message, status, event, ...)
  local following = AFTER[status][event]
  if following then redis.call('HSET', message, 'status', following, ...) end
  return following
end

-- Counts messages by how they stand, apart from the indexes: the two must always add up (`repair` compares them).
local function count(counts, field, change)
  redis.call('HINCRBY', counts, field, change)
end

-- Whether this Redis knows of fewer steps of a tenant's owners, claims and keys, than they remember of this life of the
-- ledger. Then it is an older copy of itself, also one that SQL can't tell from it, and claims are closed until it was
-- put right.
local function is_older(incarnation, pace, seen_incarnation, seen_steps)
  local id = string.match(redis.call('GET', incarnation) or '', '^(%S+) ')
  if id ~= seen_incarnation then return false end
  if tonumber(redis.call('HGET', pace, 'steps') or '0') >= tonumber(seen_steps) then return false end
  redis.call('SET', incarnation, id .. ' older')
  return true
end

-- One more step of the tenant's owners. Returns the incarnation's id, and how many that are in it.
local function take_step(incarnation, pace)
  return string.match(redis.call('GET', incarnation) or '', '^(%S+) ') or '', redis.call('HINCRBY', pace, 'steps', 1)
end

-- What an entry counts for of its tenant's memory, from its acceptance until it is cut down: its text, its content, and
-- what every entry takes.
local function entry_bytes(message)
  return redis.call('HSTRLEN', message, 'message') + redis.call('HSTRLEN', message, 'content') + LIMIT.entry_bytes
end

-- By what recipients are compared: the key that stands in the entry. One accepted before there were keys has none.
local function recipient_of(key, to)
  if key and key ~= '' then return key end
  return to
end

-- True where a recipient asked not to be written to. A single message may still answer who wrote within 24 h.
local function is_opted_out(opted_out, heard_prefix, lane, recipient)
  if redis.call('SISMEMBER', opted_out, recipient) == 0 then return false end
  return lane > 0 or redis.call('EXISTS', heard_prefix .. recipient) == 0
end

-- The stop version that a campaign's release must carry: everybody's, the tenant's and its own. Whoever stops one
-- raises it, and what was released before is worth nothing any more.
local function stop_version(stop_versions, cliente_id, campaign_id)
  local parts = redis.call('HMGET', stop_versions, '*', '*' .. cliente_id, campaign_id)
  return (parts[1] or '0') .. '.' .. (parts[2] or '0') .. '.' .. (parts[3] or '0')
end

-- Takes a message off the counter whose key stands in its `field`, once.
local function take_off_counter(message, field)
  local counter = redis.call('HGET', message, field)
  if counter and counter ~= '' then
    redis.call('HSET', message, field, '')
    if redis.call('EXISTS', counter) == 1 then redis.call('DECR', counter) end
  end
end

-- A campaign message that ends before anything went out no longer counts for its day.
local function give_back_quota(message)
  take_off_counter(message, 'quota_key')
end

-- A bulk or campaign message of which it is certain that nothing went out has no place in the day's cap: it takes one
-- again when it is claimed again.
local function give_back_place(message)
  take_off_counter(message, 'place_key')
end

-- An event's record, a JSON object as text, with WhatsApp's key of its message, where that has one.
local function with_key(data, whatsapp_id)
  if not whatsapp_id or whatsapp_id == '' then return data end
  data = cjson.decode(data)
  data.whatsapp_id = whatsapp_id
  return data
end
