#!lua flags=allow-oom
-- Records edits and deletions of messages, each once, however often they are told or found.
-- keys: events, incarnation
-- args: now_ms, cliente_id, seen_prefix, arrived_channel, marker
-- rest: whatsapp_id, identity, twin, event of each, in order; see `../identity.py`
-- marker: see `is_compared`
-- Returns for each 1, or 0 where it was known | 'not_compared': nothing is recorded
if not is_compared(KEY.incarnation, ARG.marker) then return 'not_compared' end
local fresh, some = {}, false
for at = 1, #REST, 4 do
  local whatsapp_id, identity, twin, event = unpack(REST, at, at + 3)
  local identity_added = redis.call('SET', ARG.seen_prefix .. identity, '1', 'NX', 'PX', LIMIT.kept_ms)
  local twin_added = redis.call('SET', ARG.seen_prefix .. twin, '1', 'NX', 'PX', LIMIT.kept_ms)
  local added = identity_added and twin_added
  if added then emit(KEY.events, EVENT.message_updated, ARG.cliente_id, whatsapp_id, ARG.now_ms, event) end
  some = some or added
  fresh[#fresh + 1] = added and 1 or 0
end
if some then redis.call('PUBLISH', ARG.arrived_channel, '') end
return fresh
