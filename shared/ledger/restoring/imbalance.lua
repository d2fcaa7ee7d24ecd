#!lua flags=allow-oom
-- Keeps that a tenant's counters do not add up, and tells it as an event.
-- keys: imbalances, events
-- args: now_ms, cliente_id, numbers
-- Returns 1
redis.call('HSET', KEY.imbalances, ARG.cliente_id, ARG.numbers)
emit(KEY.events, EVENT.ledger_imbalance, ARG.cliente_id, '', ARG.now_ms, ARG.numbers)
return 1
