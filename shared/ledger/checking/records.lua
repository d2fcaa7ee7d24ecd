#!lua
-- Looks at messages that SQL has as open: whether the ledger has them, in the index that they belong to.
-- args: message_prefix, open_prefix, in_flight_prefix, held_prefix
-- rest: cliente_id, message_id pairs
-- Returns for each 'ok' | 'gone' (no message) | 'wrong' (in another index, or in none) | 'ended'
local answers = {}
for at = 1, #REST, 2 do
  local cliente_id, id = REST[at], REST[at + 1]
  local status, answer = redis.call('HGET', ARG.message_prefix .. id, 'status'), 'ok'
  if not status then
    answer = 'gone'
  elseif status == 'queued' then
    if not redis.call('ZSCORE', ARG.open_prefix .. cliente_id, id)
      and not redis.call('ZSCORE', ARG.held_prefix .. cliente_id, id) then
      answer = 'wrong'
    end
  elseif status == 'sending' then
    if not redis.call('ZSCORE', ARG.in_flight_prefix .. cliente_id, id) then answer = 'wrong' end
  else
    answer = 'ended'
  end
  answers[#answers + 1] = answer
end
return answers
