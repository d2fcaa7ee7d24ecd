#!lua flags=allow-oom
-- Counts an attempt to log in against all that limits it, or against nothing where one of the limits is reached. Limits
-- are written `attempts:seconds,…`. Where the user logged in from the address lately (known), what others do elsewhere
-- does not bind it: then only pair and address count.
-- keys: pair, user, address, all, known
-- args: now_ms, attempt, pair, user, address, all
-- Returns for how many milliseconds to wait; 0 where it was counted

local now, wait, counted = tonumber(ARG.now_ms), 0, {}

local function look(key, limits)
  local longest_ms = 0
  for attempts, seconds in string.gmatch(limits, '(%d+):(%d+)') do
    local at, window_ms = tonumber(attempts) - 1, tonumber(seconds) * 1000
    local oldest = redis.call('ZREVRANGE', key, at, at, 'WITHSCORES')[2]
    -- No wait is longer than its window: a clock that jumped back must not lock anybody out.
    if oldest then wait = math.max(wait, math.min(window_ms, tonumber(oldest) + window_ms - now)) end
    longest_ms = math.max(longest_ms, window_ms)
  end
  counted[#counted + 1] = {key, longest_ms}
end

look(KEY.pair, ARG.pair)
look(KEY.address, ARG.address)
if redis.call('EXISTS', KEY.known) == 0 then
  look(KEY.user, ARG.user)
  look(KEY.all, ARG.all)
end
if wait > 0 then return wait end
for _, each in ipairs(counted) do
  local key, longest_ms = each[1], each[2]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - longest_ms)
  redis.call('ZADD', key, now, ARG.attempt)
  redis.call('PEXPIRE', key, longest_ms)
end
return 0
