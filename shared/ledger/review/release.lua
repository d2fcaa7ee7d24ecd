#!lua
-- A person lets a held message go out through the phone that is paired now.
-- keys: message, held, open, events
-- args: now_ms, message_id, cliente_id, event, changed_channel
-- Returns 1, or 0 where it is not held
local score = redis.call('ZSCORE', KEY.held, ARG.message_id)
if score == false then return 0 end
if redis.call('HGET', KEY.message, 'cliente_id') ~= ARG.cliente_id then return 0 end
redis.call('ZADD', KEY.open, score, ARG.message_id)
redis.call('ZREM', KEY.held, ARG.message_id)
redis.call('HSET', KEY.message, 'error', '')
emit(KEY.events, EVENT.message_released, ARG.cliente_id, ARG.message_id, ARG.now_ms, ARG.event)
redis.call('PUBLISH', ARG.changed_channel, ARG.message_id)
return 1
