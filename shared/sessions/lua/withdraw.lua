#!lua flags=allow-oom
-- The owner says that its session is no longer wanted (nobody scanned a code for too long). SQL, the master of wanted
-- sessions, learns it from the event.
-- keys: lease, wanted, events
-- args: token, fence, now_ms, cliente_id, event
-- Returns 1, or 0 where the lease is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 0 end
redis.call('HDEL', KEY.wanted, ARG.cliente_id)
emit(KEY.events, EVENT.session_unwanted, ARG.cliente_id, '', ARG.now_ms, ARG.event)
return 1
