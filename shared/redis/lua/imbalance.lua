#!lua flags=allow-oom
-- Keeps that a tenant's balance does not add up, and tells it as an event.
-- KEYS 1 imbalances  2 events   ARGV 1 now_ms  2 cliente_id  3 the numbers (JSON)   Returns 1
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
emit(KEYS[2], 'ledger.imbalance', ARGV[2], '', ARGV[1], ARGV[3])
return 1
