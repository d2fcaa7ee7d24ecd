#!lua flags=allow-oom
-- Takes a session's lease where nobody holds it; the fence grows with every owner.
-- keys: lease, fence, stores, incarnation
-- args: token, store_id, pid, ttl_ms, cliente_id, host_id
-- Returns the fence, or 0 where another holds it, or -1 where the login belongs to another profile store, or -2 where
-- what this Redis holds was not compared with SQL yet (its stores can't be trusted)
if not claims_open(KEY.incarnation) then return -2 end
local store = redis.call('HGET', KEY.stores, ARG.cliente_id)
if store and store ~= ARG.store_id then return -1 end
if redis.call('EXISTS', KEY.lease) == 1 then return 0 end
local fence = redis.call('INCR', KEY.fence)
local value = table.concat({ARG.token, fence, ARG.store_id, ARG.pid, ARG.host_id}, ' ')
redis.call('SET', KEY.lease, value, 'PX', ARG.ttl_ms)
if not store then redis.call('HSET', KEY.stores, ARG.cliente_id, ARG.store_id) end
return fence
