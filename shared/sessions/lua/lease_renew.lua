#!lua flags=allow-oom
-- Lets a lease live on.
-- keys: lease
-- args: token, fence, ttl_ms
-- Returns 1, or 0 where it is no longer the caller's
if not holds_lease(KEY.lease, ARG.token, ARG.fence) then return 0 end
redis.call('PEXPIRE', KEY.lease, ARG.ttl_ms)
return 1
