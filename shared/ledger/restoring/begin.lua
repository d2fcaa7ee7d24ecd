#!lua flags=allow-oom
-- A restoring begins, or one that broke off is gone on with: claims are closed until it is finished and confirmed.
-- keys: incarnation, events, drain_cursor, unseen_since
-- args: fresh, recorded
-- recorded: id of the last event that SQL recorded. An older copy goes on numbering where it stood, and where the clock
-- went back since, under ids that SQL has: what followed would be taken for known. So it numbers on from that event.
-- Returns {id of the incarnation, id of the last event that had been recorded when this state was current, or '0-0',
--          the same, or '0-0' where the stream does not have that event,
--          where the stream has all that SQL recorded and may have more: since when something may be lost to both, else 0}
local id, state = string.match(redis.call('GET', KEY.incarnation) or '', '^(%S+) (%S+)$')
if state ~= 'restoring' then
  id = ARG.fresh
  redis.call('SET', KEY.incarnation, id .. ' restoring')
end
local since = redis.call('GET', KEY.drain_cursor) or '0-0'
local ahead = #redis.call('XRANGE', KEY.events, ARG.recorded, ARG.recorded) > 0
  or ARG.recorded == '0-0' and state == 'older'
local placed = #redis.call('XRANGE', KEY.events, since, since) > 0
if since ~= '0-0' and redis.call('EXISTS', KEY.events) == 1 then
  local stream, last = redis.call('XINFO', 'STREAM', KEY.events), '0-0'
  for at = 1, #stream, 2 do
    if stream[at] == 'last-generated-id' then last = stream[at + 1] end
  end
  local ms, seq = string.match(last, '^(%d+)-(%d+)$')
  local known_ms, known_seq = string.match(ARG.recorded, '^(%d+)-(%d+)$')
  ms, seq, known_ms, known_seq = tonumber(ms), tonumber(seq), tonumber(known_ms), tonumber(known_seq)
  if known_ms > ms or (known_ms == ms and known_seq > seq) then redis.call('XSETID', KEY.events, ARG.recorded) end
end
return {id, since, placed and since or '0-0', ahead and (redis.call('GET', KEY.unseen_since) or '1') or '0'}
