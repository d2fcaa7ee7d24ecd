#!lua flags=allow-oom
-- Says how many messages came in, in a Redis that came up empty, older or foreign: as many as SQL took in, and those in
-- the stream that it did not read yet.
-- keys: events
-- args: since, counts_prefix
-- rest: cliente_id, taken_in of each tenant
-- since: the last event that had been recorded when this state was current; a stream without it is read from its start.
-- Returns how many of the stream's there are
local received, found = {}, 0
for at = 1, #REST, 2 do received[REST[at]] = tonumber(REST[at + 1]) end
local after = '-'
if #redis.call('XRANGE', KEY.events, ARG.since, ARG.since) > 0 then after = '(' .. ARG.since end
while true do
  local entries = redis.call('XRANGE', KEY.events, after, '+', 'COUNT', LIMIT.stream_chunk)
  for _, entry in ipairs(entries) do
    local fields = {}
    for at = 1, #entry[2], 2 do fields[entry[2][at]] = entry[2][at + 1] end
    if fields.type == EVENT.message_inbound and fields.cliente_id then
      received[fields.cliente_id] = (received[fields.cliente_id] or 0) + 1
      found = found + 1
    end
  end
  if #entries < LIMIT.stream_chunk then break end
  after = '(' .. entries[#entries][1]
end
for cliente_id, number in pairs(received) do
  redis.call('HSET', ARG.counts_prefix .. cliente_id, 'received', string.format('%.0f', number))
end
return found
