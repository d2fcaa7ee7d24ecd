#!lua flags=allow-oom
-- Opens claims where this Redis holds what SQL recorded last: the same incarnation, and the last recorded event.
-- keys: incarnation, events, drain_cursor, unseen_since
-- args: known, cursor, fresh, read_at
-- known: the incarnation that SQL has, '' for none. cursor: the id of the last event that SQL recorded, '0-0' for none.
-- fresh: the id for a Redis of the time before there were any. read_at: when SQL last read the events: kept for each server
-- that is begun with, as it is from when on this may have lost what nobody recorded. One that began a moment ago stays.
-- Returns {'open'} | {'adopted'} (now named `fresh`, to be kept in SQL and confirmed again)
--         | {'ahead', id of the last event that was recorded} (SQL forgot some) | {'lost'} (to be restored)
local mark = redis.call('GET', KEY.incarnation)
local id, state = string.match(mark or '', '^(%S+) (%S+)$')
if id and id == ARG.known and state == server_run() then return {'open'} end
-- Whoever sends knows of more than this holds: SQL may not.
if state == 'older' then return {'lost'} end
local placed = #redis.call('XRANGE', KEY.events, ARG.cursor, ARG.cursor) > 0
if id and id == ARG.known and state ~= 'restoring' then
  if placed or ARG.cursor == '0-0' then
    redis.call('SET', KEY.incarnation, id .. ' ' .. server_run())
    local before, read_at = tonumber(redis.call('GET', KEY.unseen_since) or '0'), tonumber(ARG.read_at)
    if before > read_at or read_at - before > LIMIT.same_moment_ms then redis.call('SET', KEY.unseen_since, ARG.read_at) end
    return {'open'}
  end
  local recorded = redis.call('GET', KEY.drain_cursor)
  if recorded and #redis.call('XRANGE', KEY.events, recorded, recorded) > 0 then
    local ms, seq = string.match(recorded, '^(%d+)-(%d+)$')
    local known_ms, known_seq = string.match(ARG.cursor, '^(%d+)-(%d+)$')
    ms, seq, known_ms, known_seq = tonumber(ms), tonumber(seq), tonumber(known_ms), tonumber(known_seq)
    if ms > known_ms or (ms == known_ms and seq > known_seq) then return {'ahead', recorded} end
  end
  return {'lost'}
end
if not mark and ARG.known == '' and placed then
  redis.call('SET', KEY.incarnation, ARG.fresh .. ' restored')
  return {'adopted'}
end
return {'lost'}
