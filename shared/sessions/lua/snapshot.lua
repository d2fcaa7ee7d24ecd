#!lua flags=allow-oom
-- The owner writes its session's snapshot; a transition is an event as well.
-- keys: lease, session, sessions, events
-- args: token, fence, now_ms, cliente_id, changed_channel, transition, qr_string, code
-- rest: field, value pairs of the snapshot
-- transition: the event's data, or '' where the status did not change. qr_string: the code shown, or ''.
-- code: the data of the event that tells of another code
-- Returns 1, or 0 where the lease is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 0 end
local other_code = ARG.qr_string ~= '' and redis.call('HGET', KEY.session, 'qr_string') ~= ARG.qr_string
redis.call('HSET', KEY.session, 'fence', ARG.fence, unpack(REST))
redis.call('SADD', KEY.sessions, ARG.cliente_id)
if ARG.transition ~= '' then emit(KEY.events, EVENT.session_status, ARG.cliente_id, '', ARG.now_ms, ARG.transition) end
if other_code then emit(KEY.events, EVENT.session_qr, ARG.cliente_id, '', ARG.now_ms, ARG.code) end
redis.call('PUBLISH', ARG.changed_channel, 'session')
return 1
