#!lua flags=allow-oom
-- Cuts messages that have ended, and that SQL has, down to what receipts and duplicates need, for a shorter life.
-- args: message_prefix, counts_prefix, whatsapp_keys_prefix, open_prefix, in_flight_prefix, held_prefix
-- rest: cliente_id, message_id pairs
-- Returns how many texts were taken out
local LIFE = {
  sent = LIMIT.receipt_kept_ms, delivered = LIMIT.receipt_kept_ms, read = LIMIT.read_kept_ms,
  failed = LIMIT.receipt_kept_ms, cancelled = LIMIT.receipt_kept_ms, expired = LIMIT.receipt_kept_ms,
}
local NEVER_OUT = {failed = true, cancelled = true, expired = true}
-- What only a message needs that can still be sent. Without its text an entry is one small block of memory, which
-- Redis makes only of a hash that is written anew.
local DROPPED = {
  'message', 'content', 'upload', 'score', 'certain', 'fence', 'browser_run', 'not_before', 'next_look', 'delay', 'quota_key',
  'campaign_stop_version', 'campaign_ref', 'campaign_day',
}

local function cut(key)
  local stored, entry, kept = redis.call('HGETALL', key), {}, {}
  for at = 1, #stored, 2 do entry[stored[at]] = stored[at + 1] end
  for _, name in ipairs(DROPPED) do entry[name] = nil end
  for name, value in pairs(entry) do
    if value ~= '' then
      kept[#kept + 1] = name
      kept[#kept + 1] = value
    end
  end
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(kept))
end

local function take_out(counts, bytes)
  if redis.call('HINCRBY', counts, 'bytes', -bytes) < 0 then
    redis.call('HSET', counts, 'bytes', '0')
  end
end

local taken_out, tenants = 0, {}
for at = 1, #REST, 2 do
  local cliente_id, key = REST[at], ARG.message_prefix .. REST[at + 1]
  local entry = redis.call('HMGET', key, 'cliente_id', 'status', 'whatsapp_id', 'chat_id', 'campaign_id')
  local life = LIFE[entry[2]]
  if life and entry[1] == cliente_id then
    -- One that never had a key gets no receipt; a campaign's release may be repeated under its id.
    local unkeyed = (entry[4] or '') == '' and (entry[5] or '') == ''
    if unkeyed and NEVER_OUT[entry[2]] then life = LIMIT.unsent_kept_ms end
    if redis.call('HEXISTS', key, 'message') == 1 then
      local bytes = entry_bytes(key)
      cut(key)
      take_out(ARG.counts_prefix .. cliente_id, bytes)
      tenants[cliente_id] = true
      taken_out = taken_out + 1
    end
    redis.call('PEXPIRE', key, life)
    if entry[3] and entry[3] ~= '' then
      redis.call('PEXPIRE', ARG.whatsapp_keys_prefix .. cliente_id .. ':' .. entry[3], life)
    end
  end
end

-- A tenant of whom nothing waits takes nothing: what a lost entry left in its count goes with that.
for cliente_id in pairs(tenants) do
  local waits = 0
  for _, prefix in ipairs({ARG.open_prefix, ARG.in_flight_prefix, ARG.held_prefix}) do
    waits = waits + redis.call('ZCARD', prefix .. cliente_id)
  end
  if waits == 0 then redis.call('HDEL', ARG.counts_prefix .. cliente_id, 'bytes') end
end
return taken_out
