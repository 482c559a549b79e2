-- All changes of the ledger. One file is one script: ARGV[1] names the operation.
-- Time is Redis's own, so that no worker's clock matters.
local P = 'doppel:'
local LEASES, JOBS, RECEIVING, ENDED = P .. 'leases', P .. 'jobs', P .. 'receiving', P .. 'ended'
local SEQUENCE = P .. 'sequence'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local TERMINAL = { succeeded = true, failed = true, cancelled = true }
-- Kinds of jobs that have units.
local BULK = { submission = true, rematch = true, embedding = true }
local STAGES = { 'encode', 'ingest', 'match', 'finish' }
local PRESENT, LAST_DONE = P .. 'present', P .. 'last-done'

local function job_key(id) return P .. 'job:' .. id end
local function units_key(id) return P .. 'job:' .. id .. ':units' end
local function status(id) return redis.call('HGET', job_key(id), 'status') end
local function number(id, field) return tonumber(redis.call('HGET', job_key(id), field) or '0') end
local function alive(id) local s = status(id); return s and not TERMINAL[s] end

local function touch(id)
  redis.call('HINCRBY', job_key(id), 'version', 1)
  redis.call('HSET', job_key(id), 'updated_ms', now)
end

-- Jobs with units of a stage that are not done, by when the last of them was done or, before that, the first
-- was there: a job of a thousand units that gets on does not wait.
local function waiting_key(stage) return P .. 'waiting:' .. stage end

local function opened(id, stage)
  redis.call('HINCRBY', job_key(id), 'open:' .. stage, 1)
  redis.call('ZADD', waiting_key(stage), 'NX', now, id)
end

local function closed(id, stage)
  if redis.call('HINCRBY', job_key(id), 'open:' .. stage, -1) > 0 then
    redis.call('ZADD', waiting_key(stage), 'XX', now, id)
  else
    redis.call('ZREM', waiting_key(stage), id)
  end
end

-- Of each queue: when the latest of the units that were claimed from it had been sent there.
local function sent_field(stage) return stage == 'encode' and 'sent:encode' or 'sent:index' end

local function add_unit(id, stage, unit, grace)
  local name = stage .. '/' .. unit
  if redis.call('HSETNX', units_key(id), 's:' .. name, 'queued') == 1 then
    redis.call('HSET', units_key(id), 'q:' .. name, now)
    redis.call('ZADD', LEASES, now + grace, id .. ' ' .. stage .. ' ' .. unit)
    opened(id, stage)
    return true
  end
  return false
end

local function add_fields(id, list, first)
  for i = first, #list, 2 do redis.call('HINCRBY', job_key(id), list[i], tonumber(list[i + 1])) end
end

local function set_fields(id, list, first)
  for i = first, #list, 2 do redis.call('HSET', job_key(id), list[i], list[i + 1]) end
end

-- After a completion or a seal: make the units of the stage that became possible.
local function advance(id, grace, hints)
  if redis.call('HGET', job_key(id), 'sealed') ~= '1' then return end
  local chunks = number(id, 'chunks')
  if number(id, 'ingested') < chunks or redis.call('HEXISTS', job_key(id), 'slices') == 1 then return end
  local slices = math.ceil(number(id, 'listings') / number(id, 'slice_listings'))
  redis.call('HSET', job_key(id), 'slices', slices)
  for i = 0, slices - 1 do
    if add_unit(id, 'match', tostring(i), grace) then table.insert(hints, 'match ' .. i) end
  end
end

local function advance_to_finish(id, grace, hints)
  local slices = redis.call('HGET', job_key(id), 'slices')
  if slices and number(id, 'matched') >= tonumber(slices) and add_unit(id, 'finish', '0', grace) then
    table.insert(hints, 'finish 0')
  end
end

local function end_job(id, new_status)
  redis.call('HSET', job_key(id), 'status', new_status, 'ended_ms', now)
  redis.call('ZREM', RECEIVING, id)
  for _, stage in ipairs(STAGES) do redis.call('ZREM', waiting_key(stage), id) end
  if BULK[redis.call('HGET', job_key(id), 'kind')] then
    redis.call('ZADD', ENDED, now, id)
    redis.call('ZADD', P .. 'leftovers', now, id)
  end
  touch(id)
  redis.call('PUBLISH', P .. 'job-ended', id)
end

-- 'ok' and the units that became possible; never by `unpack`, which ends at 8,000.
local function done(hints)
  table.insert(hints, 1, 'ok')
  return hints
end

-- A job's place in the order of acceptance, `given` or the next one. By the clock, so that it comes after all
-- that a catalog holds when Redis has forgotten how far it was.
local function place(id, given)
  local last, before = tonumber(redis.call('GET', SEQUENCE) or '0'), redis.call('HGET', job_key(id), 'sequence')
  local sequence = tonumber(before or given or math.max(now, last + 1))
  redis.call('SET', SEQUENCE, math.max(last, sequence))
  if not before then redis.call('HSET', job_key(id), 'sequence', sequence) end
  return sequence
end

local ops = {}

-- id, retention-free fields… : a bulk job that is being received
function ops.create(a)
  local id = a[2]
  if redis.call('EXISTS', job_key(id)) == 1 then return 0 end
  redis.call('HSET', job_key(id), 'status', 'receiving', 'version', 1, 'created_ms', now, 'updated_ms', now)
  set_fields(id, a, 3)
  redis.call('ZADD', JOBS, now, id)
  redis.call('ZADD', RECEIVING, now, id)
  return 1
end

-- id, grace, chunk, rows, chunk, rows…
function ops.add_chunks(a)
  local id = a[2]
  if not alive(id) then return 0 end
  for i = 4, #a, 2 do
    if add_unit(id, 'encode', a[i], tonumber(a[3])) then
      redis.call('HINCRBY', job_key(id), 'chunks', 1)
      redis.call('HINCRBY', job_key(id), 'rows', tonumber(a[i + 1]))
    end
  end
  redis.call('ZADD', RECEIVING, 'XX', now, id)
  touch(id)
  return 1
end

-- id: a slow upload is alive although no chunk is complete
function ops.keep_receiving(a)
  if not alive(a[2]) then return 0 end
  redis.call('ZADD', RECEIVING, 'XX', now, a[2])
  return 1
end

-- id, grace, fields… : the upload is complete and durable; a rematch has no upload and nothing to encode
function ops.seal(a)
  local id, grace, hints = a[2], tonumber(a[3]), {}
  if status(id) ~= 'receiving' then
    -- The same call once more: its answer was lost.
    local sealed = redis.call('HGET', job_key(id), 'sealed') == '1' and status(id) ~= 'cancelled'
    return { sealed and 'ok' or 'gone' }
  end
  set_fields(id, a, 4)
  place(id)
  redis.call('HSET', job_key(id), 'status', 'running', 'sealed', '1', 'accepted_ms', now)
  redis.call('ZREM', RECEIVING, id)
  local all = redis.call('HGETALL', units_key(id))
  for i = 1, #all, 2 do
    local unit = string.match(all[i], '^s:encode/(.+)$')
    if unit and all[i + 1] == 'done' and add_unit(id, 'ingest', unit, grace) then
      table.insert(hints, 'ingest ' .. unit)
    end
  end
  if redis.call('HGET', job_key(id), 'kind') == 'rematch' then
    redis.call('HSET', job_key(id), 'chunks', 1)
    if add_unit(id, 'ingest', '0', grace) then table.insert(hints, 'ingest 0') end
  end
  touch(id)
  return done(hints)
end

-- id, its place or empty
function ops.place(a)
  if not alive(a[2]) then return 0 end
  return place(a[2], a[3] ~= '' and a[3] or nil)
end

-- id, stage, unit, token, lease, most attempts
function ops.claim(a)
  local id, stage, unit, token, lease, most = a[2], a[3], a[4], a[5], tonumber(a[6]), tonumber(a[7])
  local name, member = stage .. '/' .. unit, id .. ' ' .. stage .. ' ' .. unit
  if not alive(id) then
    redis.call('ZREM', LEASES, member)
    return { 'gone', 0 }
  end
  local state = redis.call('HGET', units_key(id), 's:' .. name)
  local attempts = tonumber(redis.call('HGET', units_key(id), 'a:' .. name) or '0')
  if not state or state == 'done' or state == 'split' then return { 'done', attempts } end
  local due = tonumber(redis.call('ZSCORE', LEASES, member) or '0')
  local holder = redis.call('HGET', units_key(id), 't:' .. name)
  -- The same call once more: its answer was lost.
  if state == 'leased' and holder == token then return { 'claimed', attempts } end
  -- A unit that was given back has no holder.
  if state == 'leased' and holder and due > now then return { 'busy', attempts } end
  if attempts < most then attempts = redis.call('HINCRBY', units_key(id), 'a:' .. name, 1)
  else attempts = most + 1 end
  redis.call('HSET', units_key(id), 's:' .. name, 'leased', 't:' .. name, token)
  redis.call('ZADD', LEASES, now + lease, member)
  local sent = tonumber(redis.call('HGET', units_key(id), 'q:' .. name) or '0')
  if sent > tonumber(redis.call('HGET', LAST_DONE, sent_field(stage)) or '0') then
    redis.call('HSET', LAST_DONE, sent_field(stage), sent)
  end
  if redis.call('HSETNX', job_key(id), 'started_ms', now) == 1 then touch(id) end
  return { attempts > most and 'exhausted' or 'claimed', attempts }
end

-- id, stage, unit, token, lease
function ops.renew(a)
  local id, name = a[2], a[3] .. '/' .. a[4]
  if redis.call('HGET', units_key(id), 't:' .. name) ~= a[5]
    or redis.call('HGET', units_key(id), 's:' .. name) ~= 'leased' or not alive(id) then return 0 end
  redis.call('ZADD', LEASES, 'XX', now + tonumber(a[6]), id .. ' ' .. a[3] .. ' ' .. a[4])
  return 1
end

-- id, stage, unit, token, delay: an outage was no fault of the unit; try again without counting it.
-- Its message is used up: its lease, now nobody's, runs out after the delay, and the unit gets another one.
function ops.release(a)
  local id, name = a[2], a[3] .. '/' .. a[4]
  if redis.call('HGET', units_key(id), 't:' .. name) ~= a[5]
    or redis.call('HGET', units_key(id), 's:' .. name) ~= 'leased' then return 0 end
  redis.call('HDEL', units_key(id), 't:' .. name)
  redis.call('HINCRBY', units_key(id), 'a:' .. name, -1)
  redis.call('ZADD', LEASES, now + tonumber(a[6]), id .. ' ' .. a[3] .. ' ' .. a[4])
  return 1
end

-- id, stage, unit, grace, fields to add… : the first completion counts, every other changes nothing
function ops.complete(a)
  local id, stage, unit, grace, hints = a[2], a[3], a[4], tonumber(a[5]), {}
  local name, member = stage .. '/' .. unit, id .. ' ' .. stage .. ' ' .. unit
  if not alive(id) then
    redis.call('ZREM', LEASES, member)
    return { 'gone' }
  end
  local state = redis.call('HGET', units_key(id), 's:' .. name)
  if not state or state == 'done' or state == 'split' then return { 'already' } end
  redis.call('HSET', units_key(id), 's:' .. name, 'done')
  redis.call('ZREM', LEASES, member)
  redis.call('HSET', LAST_DONE, stage, now)
  closed(id, stage)
  add_fields(id, a, 6)
  if stage == 'encode' then
    redis.call('HINCRBY', job_key(id), 'encoded', 1)
    if redis.call('HGET', job_key(id), 'sealed') == '1' and add_unit(id, 'ingest', unit, grace) then
      table.insert(hints, 'ingest ' .. unit)
    end
  elseif stage == 'ingest' then
    redis.call('HINCRBY', job_key(id), 'ingested', 1)
    advance(id, grace, hints)
  elseif stage == 'match' then
    redis.call('HINCRBY', job_key(id), 'matched', 1)
  end
  advance_to_finish(id, grace, hints)
  touch(id)
  return done(hints)
end

-- id, unit, grace: halve a chunk that takes too long; the halves have had the attempts of the whole
function ops.split(a)
  local id, unit, grace, hints = a[2], a[3], tonumber(a[4]), {}
  local name = 'encode/' .. unit
  local state = redis.call('HGET', units_key(id), 's:' .. name)
  if not alive(id) or state == 'done' or state == 'split' then return { 'already' } end
  redis.call('HSET', units_key(id), 's:' .. name, 'split')
  redis.call('ZREM', LEASES, id .. ' encode ' .. unit)
  redis.call('HINCRBY', job_key(id), 'chunks', 1)
  local before = tonumber(redis.call('HGET', units_key(id), 'a:' .. name) or '1') - 1
  for half = 0, 1 do
    local part = unit .. '-' .. half
    redis.call('HSET', units_key(id), 'a:encode/' .. part, before)
    if add_unit(id, 'encode', part, grace) then table.insert(hints, 'encode ' .. part) end
  end
  closed(id, 'encode')
  touch(id)
  return done(hints)
end

-- id, unit: what the unit's last worker had in hand has one death more; nameless deaths, then row and deaths…
function ops.accuse(a)
  local key, unit = job_key(a[2]) .. ':suspects', a[3]
  local row = redis.call('HGET', key, 'hand/' .. unit)
  if row then
    redis.call('HINCRBY', key, row == '0' and 'none/' .. unit or 'row/' .. row, 1)
    redis.call('HDEL', key, 'hand/' .. unit)
  end
  local found, all = { tonumber(redis.call('HGET', key, 'none/' .. unit) or '0') }, redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local suspect = string.match(all[i], '^row/(%d+)$')
    if suspect then
      table.insert(found, tonumber(suspect))
      table.insert(found, tonumber(all[i + 1]))
    end
  end
  return found
end

-- id, unit, grace, fields to subtract…: the embeddings of a chunk were lost before they were ingested
function ops.reopen(a)
  local id, unit, grace = a[2], a[3], tonumber(a[4])
  local u = units_key(id)
  if not alive(id) or redis.call('HGET', u, 's:encode/' .. unit) ~= 'done'
    or redis.call('HGET', u, 's:ingest/' .. unit) == 'done' then return { 'already' } end
  if redis.call('HEXISTS', u, 's:ingest/' .. unit) == 1 then closed(id, 'ingest') end
  redis.call('HDEL', u, 's:encode/' .. unit, 'a:encode/' .. unit, 's:ingest/' .. unit, 'a:ingest/' .. unit)
  redis.call('ZREM', LEASES, id .. ' ingest ' .. unit)
  redis.call('HINCRBY', job_key(id), 'encoded', -1)
  for i = 5, #a, 2 do redis.call('HINCRBY', job_key(id), a[i], -tonumber(a[i + 1])) end
  add_unit(id, 'encode', unit, grace)
  touch(id)
  return { 'ok', 'encode ' .. unit }
end

-- id, stage, unit…: the state of each unit, empty where there is none
function ops.states(a)
  local found = {}
  for i = 4, #a do found[i - 3] = redis.call('HGET', units_key(a[2]), 's:' .. a[3] .. '/' .. a[i]) or '' end
  return found
end

-- id, status, fields to set…
function ops.finish(a)
  local id = a[2]
  if not alive(id) then return 0 end
  set_fields(id, a, 4)
  end_job(id, a[3])
  return 1
end

-- id, seconds to keep it, fields… : a comparison or a search
function ops.ask(a)
  redis.call('HSET', job_key(a[2]), 'status', 'running', 'version', 1, 'created_ms', now, 'updated_ms', now)
  set_fields(a[2], a, 4)
  redis.call('EXPIRE', job_key(a[2]), tonumber(a[3]))
end

-- key, job, seconds to keep it: what the key is bound to
function ops.reserve(a)
  if redis.call('HSETNX', a[2], 'job', a[3]) == 1 then redis.call('HSET', a[2], 'at_ms', now) end
  redis.call('EXPIRE', a[2], tonumber(a[4]))
  return redis.call('HGETALL', a[2])
end

-- id, silence in ms, error: fail a job whose upload is silent, unless it has come to life or to its end meanwhile
function ops.give_up(a)
  local id, last = a[2], tonumber(redis.call('ZSCORE', RECEIVING, a[2]) or 'inf')
  if status(id) ~= 'receiving' or last > now - tonumber(a[3]) then return 0 end
  redis.call('HSET', job_key(id), 'error', a[4])
  end_job(id, 'failed')
  return 1
end

-- key, job or empty: never frees a key that another request has bound meanwhile
function ops.unreserve(a)
  if a[3] == '' or redis.call('HGET', a[2], 'job') == a[3] then return redis.call('DEL', a[2]) end
  return 0
end

-- API key, most per minute: 0, or the milliseconds until the key may ask again
function ops.count_request(a)
  local key = P .. 'rate:' .. a[2]
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('PEXPIRE', key, 60000) end
  if count <= tonumber(a[3]) then return 0 end
  return math.max(1, redis.call('PTTL', key))
end

-- API key, job, most: whether the job may be one of the key's that have not ended
function ops.take_slot(a)
  local key, held = P .. 'slots:' .. a[2], 0
  local members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    local s = status(members[i])
    -- A job takes its slot a moment before it has a record.
    if (s and not TERMINAL[s]) or (not s and tonumber(members[i + 1]) > now - 60000) then
      if members[i] ~= a[3] then held = held + 1 end
    else redis.call('ZREM', key, members[i]) end
  end
  if held >= tonumber(a[4]) then return 0 end
  redis.call('ZADD', key, now, a[3])
  redis.call('EXPIRE', key, 2592000)
  return 1
end

-- API key, job
function ops.free_slot(a)
  return redis.call('ZREM', P .. 'slots:' .. a[2], a[3])
end

-- most, grace: what is due; abandoned work becomes free again
function ops.due(a)
  local most, grace, found = tonumber(a[2]), tonumber(a[3]), {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, most)) do
    local id, stage, unit = string.match(member, '^(%S+) (%S+) (%S+)$')
    local name = stage .. '/' .. unit
    local state = alive(id) and redis.call('HGET', units_key(id), 's:' .. name)
    local sent = tonumber(redis.call('HGET', units_key(id), 'q:' .. name) or '0')
    -- What was sent well after it was claimed already: its message was lost, or is held by a worker that died.
    local overtaken = sent + grace < tonumber(redis.call('HGET', LAST_DONE, sent_field(stage)) or '0')
    if state == 'leased' or (state == 'queued' and overtaken) then
      redis.call('HSET', units_key(id), 's:' .. name, 'queued', 'q:' .. name, now)
      redis.call('ZADD', LEASES, now + grace, member)
      table.insert(found, 'abandoned ' .. member)
    elseif state == 'queued' then
      -- Waits longer each time, so that a long queue is not filled up with repeated hints.
      local times = redis.call('HINCRBY', units_key(id), 'p:' .. name, 1)
      redis.call('ZADD', LEASES, now + grace * 2 ^ math.min(times, 6), member)
      table.insert(found, 'waiting ' .. member)
    else
      redis.call('ZREM', LEASES, member)
    end
  end
  return found
end

-- for each stage: its name, how many jobs wait there, for how long the longest has, how long ago a unit was
-- done; milliseconds, -1 where there is no such time
function ops.standing()
  local found = {}
  for _, stage in ipairs(STAGES) do
    local key = waiting_key(stage)
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    local done = redis.call('HGET', LAST_DONE, stage)
    table.insert(found, stage)
    table.insert(found, redis.call('ZCARD', key))
    table.insert(found, first[2] and now - tonumber(first[2]) or -1)
    table.insert(found, done and now - tonumber(done) or -1)
  end
  return found
end

-- worker: it is there
function ops.announce(a)
  redis.call('ZADD', PRESENT, now, a[2])
  redis.call('ZREMRANGEBYSCORE', PRESENT, '-inf', now - 86400000)
  return 1
end

-- silence in ms after which a worker counts as gone
function ops.present(a)
  return redis.call('ZRANGEBYSCORE', PRESENT, now - tonumber(a[2]), '+inf')
end

return ops[ARGV[1]](ARGV)
