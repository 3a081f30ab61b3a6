-- What wrk sends: POST /sandbox/item/reset_login for each token of a file in turn.
--
--     wrk … -s load.lua URL -- FILE
--
-- A line of the file is one value: client id and secret (both empty for a gateway), then the tokens.
-- It prints a line of JSON. A response without `reset_login: true` counts as wrong.

-- wrk's only thread, which runs all functions but `setup` and `done`.
local thread

function setup(created)
  thread = created
end

function init(args)
  requests, sent, wrong = {}, 0, 0
  local lines = io.lines(args[1])
  local headers = { ["content-type"] = "application/json" }
  local client_id, secret = lines(), lines()
  if client_id ~= "" then
    headers["plaid-client-id"], headers["plaid-secret"] = client_id, secret
  end
  for token in lines do
    local body = '{"access_token":"' .. token .. '"}'
    table.insert(requests, wrk.format("POST", "/sandbox/item/reset_login", headers, body))
  end
end

function request()
  sent = sent + 1
  return requests[sent % #requests + 1]
end

function response(status, _, body)
  if status ~= 200 or not body:find('"reset_login": ?true') then wrong = wrong + 1 end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + thread:get("wrong")
  -- wrk counts in microseconds.
  print(string.format(
    '{"replies":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"failed":%d}',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed
  ))
end
