#!lua flags=allow-oom
-- The owner says that its session's phone is unlinked, as was asked for. SQL, the master, learns it from the event.
-- keys: lease, logouts, events
-- args: token, fence, now_ms, cliente_id, event
-- Returns 1, or 0 where the lease is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 0 end
redis.call('HDEL', KEY.logouts, ARG.cliente_id)
emit(KEY.events, EVENT.session_unlinked, ARG.cliente_id, '', ARG.now_ms, ARG.event)
return 1
