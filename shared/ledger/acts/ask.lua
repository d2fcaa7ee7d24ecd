#!lua
-- Takes an act up: its entry, its place among the tenant's open ones, its event, and the word that wakes its owner.
-- keys: act, open, deadlines, events, queue
-- args: act_id, cliente_id, message_id, now_ms, deadline_ms, kept_ms, max_open, act, event, notification
-- Returns 'ok' | 'full' (so many of the tenant's are open)
if redis.call('ZCARD', KEY.open) >= tonumber(ARG.max_open) then return 'full' end
redis.call('HSET', KEY.act, 'act', ARG.act, 'status', 'asked')
redis.call('PEXPIRE', KEY.act, ARG.kept_ms)
redis.call('ZADD', KEY.open, ARG.now_ms, ARG.act_id)
redis.call('ZADD', KEY.deadlines, ARG.deadline_ms, ARG.cliente_id .. ':' .. ARG.act_id)
emit(KEY.events, EVENT.message_act_asked, ARG.cliente_id, ARG.message_id, ARG.now_ms, ARG.event)
redis.call('LPUSH', KEY.queue, ARG.notification)
return 'ok'
