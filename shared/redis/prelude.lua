-- Appends one event to the stream. data: a table, or a JSON object as text.
local function emit(stream, kind, cliente_id, message_id, at_ms, data)
  if type(data) == 'table' then data = cjson.encode(data) end
  redis.call('XADD', stream, '*', 'type', kind, 'cliente_id', cliente_id, 'message_id', message_id, 'at', at_ms, 'data', data)
end

-- True while the caller still owns the session: the lease's value must be its own, token and fence.
-- A lease's value: '<token> <fence> <store> <pid> <host>'
local function holds_lease(lease, token, fence)
  local value = redis.call('GET', lease)
  if not value then return false end
  local held_token, held_fence = string.match(value, '^(%S+) (%S+)')
  return held_token == token and held_fence == tostring(fence)
end

-- The session's status as anyone may rely on it, and its last error: READY is worth nothing unless whoever wrote it
-- still holds the lease. `SessionView` says the same in Python; a test compares the two.
local function reliable_status(lease, session)
  local stored = redis.call('HMGET', session, 'status', 'fence', 'last_error_message')
  local status = stored[1] or 'DISCONNECTED'
  if status == 'READY' then
    local value = redis.call('GET', lease)
    if not value or string.match(value, '^%S+ (%S+)') ~= stored[2] then status = 'DISCONNECTED' end
  end
  return status, stored[3] or ''
end

-- This run of this server: it changes when a server is started anew and when a replica takes over.
local function server_run()
  local info = redis.call('INFO', 'server', 'replication')
  return string.match(info, 'run_id:(%w+)') .. ':' .. string.match(info, 'master_replid:(%w+)')
end

-- True while messages may be claimed: the background worker compared what this very server holds with SQL. A server that
-- was emptied has no mark; an older copy, on whichever server, carries the mark of another run.
local function claims_open(incarnation)
  local mark = redis.call('GET', incarnation)
  return mark and string.match(mark, ' (%S+)$') == server_run()
end

-- True while claims are open and this is the life of the ledger, and the run of its server, that the caller knows as
-- `marker`; '' for whichever it is.
local function is_compared(incarnation, marker)
  return claims_open(incarnation) and (marker == '' or redis.call('GET', incarnation) == marker)
end
