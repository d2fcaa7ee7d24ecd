#!lua flags=allow-oom
-- Takes hosts out of the set whose heartbeat is over: each run of a host has an id of its own.
-- keys: hosts
-- args: host_prefix
-- Returns how many
local dead = {}
for _, host_id in ipairs(redis.call('SMEMBERS', KEY.hosts)) do
  if redis.call('EXISTS', ARG.host_prefix .. host_id) == 0 then dead[#dead + 1] = host_id end
end
for _, host_id in ipairs(dead) do redis.call('SREM', KEY.hosts, host_id) end
return #dead
