#!lua flags=allow-oom
-- Says which revision the site serves; a smaller one than before is the site's affair too (it took a build back).
-- keys: served
-- args: revision, now_ms
-- Returns 1 where it is another one than before, else 0
local before = redis.call('HGET', KEY.served, 'revision')
redis.call('HSET', KEY.served, 'asked_at', ARG.now_ms)
if before == ARG.revision then return 0 end
redis.call('HSET', KEY.served, 'revision', ARG.revision, 'since', ARG.now_ms)
return 1
