#!lua flags=allow-oom
-- Persists WhatsApp's message key before the message is handed over, while enough lease remains.
-- keys: lease, message, whatsapp_key, own_mark, events, opted_out, stop_versions, addresses, incarnation, pace
-- args: token, fence, now_ms, message_id, cliente_id, whatsapp_id, chat_id, login_id, browser_run, lease_left_ms, event
-- args: heard_prefix, address, upload, seen_incarnation, seen_steps
-- own_mark: by which the row of the page's database is known as ours, whenever it is read.
-- address: what the chat's id says of the recipient, '' for nothing. Somebody may have opted out by it, nobody knew who.
-- upload: of a message with a file what the page made of it, '' of any other.
-- seen_incarnation, seen_steps: how far the owner knows that it had come.
-- Returns {'ok', incarnation, steps} with how far it has come by this | {'lost'} | {'short'} (too little lease)
--         | {'gone'} (no longer sending under this fence, or this Redis is an older one) | of a message that must not
--         leave any more: {'expired'} | {'stopped'} (its campaign was) | {'opted_out'}
if is_older(KEY.incarnation, KEY.pace, ARG.seen_incarnation, ARG.seen_steps) then return {'gone'} end
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return {'lost'} end
if redis.call('PTTL', KEY.lease) < tonumber(ARG.lease_left_ms) then return {'short'} end
local entry = redis.call('HMGET', KEY.message, 'status', 'fence', 'campaign_id', 'campaign_stop_version', 'expires_at',
  'lane', 'to', 'recipient_key')
if entry[1] ~= 'sending' or entry[2] ~= ARG.fence then return {'gone'} end
if tonumber(entry[5]) <= tonumber(ARG.now_ms) then return {'expired'} end
if entry[3] and entry[3] ~= '' and stop_version(KEY.stop_versions, ARG.cliente_id, entry[3]) ~= entry[4] then
  return {'stopped'}
end
local recipient = recipient_of(entry[8], entry[7])
local elsewhere = ARG.address ~= '' and ARG.address ~= recipient
if elsewhere then redis.call('HSET', KEY.addresses, ARG.address, entry[7]) end
if is_opted_out(KEY.opted_out, ARG.heard_prefix, tonumber(entry[6]), recipient)
  or elsewhere and is_opted_out(KEY.opted_out, ARG.heard_prefix, tonumber(entry[6]), ARG.address) then
  return {'opted_out'}
end
redis.call('HSET', KEY.message, 'whatsapp_id', ARG.whatsapp_id, 'chat_id', ARG.chat_id, 'login_id', ARG.login_id,
  'browser_run', ARG.browser_run)
if ARG.upload ~= '' then redis.call('HSET', KEY.message, 'upload', ARG.upload) end
redis.call('SET', KEY.whatsapp_key, ARG.message_id, 'PX', LIMIT.kept_ms)
redis.call('SET', KEY.own_mark, '1', 'PX', LIMIT.kept_ms)
emit(KEY.events, EVENT.message_key, ARG.cliente_id, ARG.message_id, ARG.now_ms, ARG.event)
local id, steps = take_step(KEY.incarnation, KEY.pace)
return {'ok', id, tostring(steps)}
