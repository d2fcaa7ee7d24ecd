#!lua flags=allow-oom
-- Records one inbound message once, however often the page reports it.
-- KEYS 1 seen marker  2 events  3 heard marker of the sender
-- ARGV 1 now_ms  2 cliente_id  3 whatsapp key  4 event data (JSON)  5 how long the sender counts as heard from (ms)
-- Returns 1, or 0 where it was known
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', 604800000) then return 0 end
if tonumber(ARGV[5]) > 0 then redis.call('SET', KEYS[3], '1', 'PX', ARGV[5]) end
emit(KEYS[2], 'message.inbound', ARGV[2], ARGV[3], ARGV[1], ARGV[4])
return 1
