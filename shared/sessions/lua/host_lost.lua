#!lua flags=allow-oom
-- Says of a wanted session that the profile store which holds its login is announced by no host. An owner that lives
-- knows better: where a lease stands nothing is written, and a later owner's first snapshot replaces this one.
-- keys: lease, session, sessions, events, wanted, stores
-- args: now_ms, cliente_id, store_id, changed_channel, text
-- Returns 1, or 0 where a lease stands, the session is not wanted, its store is another, or it was said before
if redis.call('EXISTS', KEY.lease) == 1 then return 0 end
if redis.call('HEXISTS', KEY.wanted, ARG.cliente_id) == 0 then return 0 end
if redis.call('HGET', KEY.stores, ARG.cliente_id) ~= ARG.store_id then return 0 end
local before = redis.call('HMGET', KEY.session, 'status', 'last_error_code')
if before[1] == 'ERROR' and before[2] == 'HOST_LOST' then return 0 end
redis.call('HSET', KEY.session, 'status', 'ERROR', 'since', ARG.now_ms, 'updated_at', ARG.now_ms, 'qr_status', 'none',
  'qr_string', '', 'qr_expires_at', 0, 'last_error_code', 'HOST_LOST', 'last_error_message', ARG.text, 'cause', 'HOST_LOST')
redis.call('SADD', KEY.sessions, ARG.cliente_id)
emit(KEY.events, EVENT.session_status, ARG.cliente_id, '', ARG.now_ms,
  {from = before[1] or 'DISCONNECTED', to = 'ERROR', event = 'failed', cause = 'HOST_LOST'})
redis.call('PUBLISH', ARG.changed_channel, 'session')
return 1
