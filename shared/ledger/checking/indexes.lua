#!lua
-- Looks at a tenant's indexes from a place on: which of their messages stand wrong, or are gone.
-- keys: open, in_flight, held
-- args: message_prefix, place, limit
-- place: where the look before ended, '' for the beginning; limit: of the entries that are looked at.
-- Returns {place to go on from, '' at the end; how many were looked at; ids without a message; ids that stand wrong}
local INDEXES = {{KEY.open, 'queued'}, {KEY.in_flight, 'sending'}, {KEY.held, 'queued'}}
local at, after = string.match(ARG.place, '^(%d) (.+)$')
at, after = tonumber(at or '1'), after and '(' .. after or '-inf'
local left, gone, wrong = tonumber(ARG.limit), {}, {}
local looked_at = 0

while INDEXES[at] and left > 0 do
  local index, expected = unpack(INDEXES[at])
  local found = redis.call('ZRANGE', index, after, '+inf', 'BYSCORE', 'LIMIT', 0, left, 'WITHSCORES')
  for place = 1, #found, 2 do
    local id = found[place]
    local status = redis.call('HGET', ARG.message_prefix .. id, 'status')
    if not status then
      gone[#gone + 1] = id
    elseif status ~= expected or (index == KEY.held and redis.call('ZSCORE', KEY.open, id)) then
      wrong[#wrong + 1] = id
    end
  end
  looked_at, left = looked_at + #found / 2, left - #found / 2
  if left > 0 then
    at, after = at + 1, '-inf'
  else
    after = '(' .. found[#found]
  end
end
local place = INDEXES[at] and at .. ' ' .. string.gsub(after, '^%(', '') or ''
return {place, looked_at, gone, wrong}
