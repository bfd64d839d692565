-- Blocks in the call that is named until Ctrl-C has reached LuaJIT's own handler: see tests/ctrl_c.
local ipc = require("perlipc")

local idle = { "sleep", "60", options = { die_with_parent = "KILL" } }
local reader, writer = ipc.pipe()
local function connect()
  local name = "@perlipc-lua-" .. ipc.start { "true" }:pid()
  local listener = ipc.unix_listen(name, "backlog=0")
  return listener, ipc.unix_connect(name), ipc.unix_connect(name)
end
local function removed(call)
  local sem = ipc.sem.create { 0 }
  local ok, what = pcall(call, sem)
  sem:remove()
  error(what, ok and 1 or 0)
end

local calls = {
  getline = function() reader:getline() end,
  read = function() reader:read() end,
  eof = function() reader:eof() end,
  write = function() writer:write(("x"):rep(2 ^ 20)) end,
  close = function() ipc.open("-|", idle):close() end,
  wait = function() ipc.start(idle):wait() end,
  wait_any = function() return ipc.start(idle), ipc.wait_any() end,
  wait_pid = function() return ipc.wait_pid(ipc.start(idle):pid()) end,
  run = function() ipc.run(idle) end,
  capture = function() ipc.capture(idle) end,
  expect = function() reader:expect({ "never" }, math.huge) end,
  accept = function() ipc.tcp_listen("127.0.0.1"):accept() end,
  connect = connect,
  sem = function() removed(function(sem) sem:take() end) end,
  sleep = function() ipc.signal.sleep(60) end,
  next = function() return ipc.signal.queue("USR1"), ipc.signal.next() end,
  dispatch = function() return ipc.signal.handle("USR1", print), ipc.signal.dispatch(60) end,
}
if not arg[1] then
  for name in pairs(calls) do print(name) end
else
  io.stdout:setvbuf("no")
  print("ready")
  local _, err = pcall(calls[arg[1]])
  print(tostring(err):find("interrupted!", 1, true) and "interrupted" or err)
end
