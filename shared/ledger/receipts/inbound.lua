#!lua flags=allow-oom
-- Records inbound messages, each once, however often the page tells of it or its database is read.
-- keys: events, counts, addresses, media_due, media_pending, incarnation
-- args: now_ms, cliente_id, seen_prefix, heard_prefix, whatsapp_key_prefix, arrived_channel, marker
-- rest: whatsapp_id, twin, recipient, address, number, heard_ms, media, event of each message, in order
-- twin: see `../identity.py`. What went out through us is known by it, and for as long as the ledger has it by its key.
-- recipient: the sender's key. address: what the chat's id says of it, '' for nothing. number: the sender's, '' where
-- it is not known. heard_ms: how long the sender counts as heard from; 0 where that is over, and for what was not
-- written to the tenant alone. media: what is to be fetched of it, '' for nothing.
-- marker: see `is_compared`
-- Returns for each 1, or 0 where it was known | 'not_compared': nothing is recorded
if not is_compared(KEY.incarnation, ARG.marker) then return 'not_compared' end
local fresh, some = {}, false
for at = 1, #REST, 8 do
  local whatsapp_id, twin, recipient, address, number, heard_ms, media, event = unpack(REST, at, at + 7)
  local key_added = redis.call('SET', ARG.seen_prefix .. whatsapp_id, '1', 'NX', 'PX', LIMIT.kept_ms)
  local twin_added = redis.call('SET', ARG.seen_prefix .. twin, '1', 'NX', 'PX', LIMIT.kept_ms)
  local ours = redis.call('EXISTS', ARG.whatsapp_key_prefix .. whatsapp_id) == 1
  local added = key_added and twin_added and not ours
  if added then
    local elsewhere = address ~= '' and address ~= recipient
    if elsewhere and number ~= '' then redis.call('HSET', KEY.addresses, address, number) end
    if tonumber(heard_ms) > 0 then
      redis.call('SET', ARG.heard_prefix .. recipient, '1', 'PX', heard_ms)
      if elsewhere then redis.call('SET', ARG.heard_prefix .. address, '1', 'PX', heard_ms) end
    end
    if media ~= '' then
      redis.call('HSET', KEY.media_pending, whatsapp_id, media)
      redis.call('ZADD', KEY.media_due, ARG.now_ms, whatsapp_id)
    end
    count(KEY.counts, 'received', 1)
    emit(KEY.events, EVENT.message_inbound, ARG.cliente_id, whatsapp_id, ARG.now_ms, event)
    some = true
  end
  fresh[#fresh + 1] = added and 1 or 0
end
if some then redis.call('PUBLISH', ARG.arrived_channel, '') end
return fresh
