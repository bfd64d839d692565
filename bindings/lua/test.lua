-- The LuaJIT binding: each noun once, its declarations against include/perlipc.json, and what LuaJIT's runtime adds.
local ffi = require("ffi")
local ipc = require("perlipc")
ffi.cdef [[
  int getpid(void);
  struct pollfd { int fd; short events, revents; };
  int poll(struct pollfd *fds, unsigned long count, int timeout);
]]

local tests, names = {}, {}
local test = setmetatable({}, { __newindex = function(_, name, run) tests[name], names[#names + 1] = run, name end })

local function same(is, want)
  if is ~= want then error(("is %s, not %s"):format(tostring(is), tostring(want)), 2) end
end

local function fails(name, ...)
  local ok, err = pcall(...)
  same(ok, false)
  same(type(err) == "table" and err.name or err, name)
  return err
end

function test.declarations()
  local file = assert(io.open(arg[0]:match("^(.-)[^/]*$") .. "../../include/perlipc.json"))
  local surface = file:read("*a")
  file:close()
  for name, value in pairs(ipc.constants) do same(name .. (surface:match('"' .. name .. '": (%-?%d+)') or ""), name .. value) end
  local prototypes = {}
  for name, returns, args in surface:gmatch('{"name": "(ipc_[%w_]+)", "noun": "%w+", "returns": "([^"]+)", "args": %[([^%]]*)%]}') do
    local all = {}
    for arg, kind in args:gmatch('{"name": "([%w_]+)", "type": "([^"]+)"}') do all[#all + 1] = kind .. " " .. arg end
    prototypes[name] = ("%s %s(%s)"):format(returns, name, #all > 0 and table.concat(all, ", ") or "void"):gsub("%* ", "*")
  end
  local count = 0
  for prototype in ipc.prototypes:gmatch("([^\n]+);") do
    same(prototype:gsub("%* ", "*"), prototypes[prototype:match("(ipc_[%w_]+)%(")])
    count = count + 1
  end
  assert(count > 90)
end

function test.errors()
  local err = fails("ENOENT", ipc.open2, { "/no/such/program" })
  same(tostring(err), "exec /no/such/program: No such file or directory")
  same(err.step .. " " .. err.path .. " " .. err.errno, "exec /no/such/program 2")
  same(fails("PERLIPC_E_INVALID", ipc.open, "no bar").code, ipc.E_INVALID)
  fails("ENOENT", ipc.start, { "true", dir = "/no/such" })
  fails("a word with a NUL inside", ipc.open, "-|", { "echo", "a\0b" }) -- never cut without a word
  fails("ipc_popen_open: a text with a NUL inside", ipc.open, "echo a\0b |")
end

function test.signals()
  local me = ffi.C.getpid()
  ipc.signal.queue("USR2")
  same(ipc.signal.next(0), nil)
  ipc.signal.kill("USR2", me)
  same(ipc.signal.next(10), "USR2")
  same(ipc.signal.sender().pid, me)
  same(ipc.signal.sender().count, 1)
  same(ipc.signal.disposition("USR2"), "QUEUE")
  ipc.signal.default("USR2")
  same(ipc.signal.number("SIGTERM"), 15)
end

-- A handler called back from calls in a loop that LuaJIT would like to compile.
function test.callbacks_in_hot_loops()
  local count, reader, writer = 0, ipc.pipe()
  ipc.signal.handle("USR1", function(name) count = count + (name == "USR1" and 1 or 0) end)
  for i = 1, 2000 do
    writer:write("line\n")
    ipc.signal.kill("USR1", ffi.C.getpid())
    same(reader:getline(), "line\n")
    same(count, i)
  end
  ipc.signal.handle("USR1", function() error("enough", 0) end)
  local slow = ipc.open("-|", { "sh", "-c", "kill -USR1 $PPID; exec sleep 60" })
  local ok, what = pcall(slow.getline, slow)
  same(ok, false)
  same(what, "enough")
  slow:child():finish()
  ipc.signal.default("USR1")
  fails("PERLIPC_E_INVALID", ipc.signal.handle, "KILL", print)
end

function test.popen()
  local stream, all = ipc.open("printf 'one\\ntwo\\n'; exit 3 |"), {}
  for line in stream:lines() do all[#all + 1] = line end
  same(table.concat(all, "+"), "one\n+two\n")
  local status = stream:close()
  same(status.code, 3)
  same(status.ok, false)
  same(tostring(status), "exited with 3")
  stream = ipc.open("-|", { "echo", "$HOME;" })
  same(stream:read(), "$HOME;\n")
  same(stream:close().ok, true)
  stream = ipc.open("|-", { "sh", "-c", "read x; [ $x = hello ]" })
  same(stream:write("hello\n"):close().ok, true)
  local reader, writer = ipc.pipe()
  reader:separator(":")
  writer:write("a:b:", 7):close()
  same(reader:getline() .. "," .. reader:getline() .. "," .. reader:getline(), "a:,b:,7")
  same(tostring(ipc.run("kill $$")), "killed by TERM")
end

function test.open2()
  local reader, writer, pid = ipc.open2 { "cat", "-u" }
  same(reader:child():pid(), pid)
  for _ = 1, 10 do
    writer:write("stuff\n")
    same(reader:getline(), "stuff\n")
  end
  reader:timeout(0.02)
  fails("ETIMEDOUT", reader.getline, reader)
  reader:timeout(nil)
  writer:close()
  same(tostring(reader:close()), "exited with 0")
  local _, out, errors = ipc.open3 { "sh", "-c", "echo out; echo err >&2" }
  same(out:read() .. errors:read(), "out\nerr\n")
end

function test.capture()
  local said = ipc.capture({ "sh", "-c", "tr a-z A-Z; echo no >&2; exit 4" }, ("loud\n"):rep(1e5))
  same(said.output == ("LOUD\n"):rep(1e5), true)
  same(said.errors .. tostring(said.status), "no\nexited with 4")
  local err
  for _, limit in ipairs { 0.2, 0.8, 3.2, 12.8 } do -- as much time as it needs
    err = fails("ETIMEDOUT", ipc.capture, "echo begun; exec sleep 60", nil, limit)
    if err.partial.output ~= "" then break end
  end
  same(err.partial.output .. tostring(err.partial.status), "begun\nkilled by TERM")
  same(tostring(fails("ETIMEDOUT", ipc.run, { "sleep", "60" }, 0.02).partial), "killed by TERM")
  same(ipc.capture({ "sh", "-c", "echo $A; pwd", env = { A = "hello" }, dir = "/" }).output, "hello\n/\n")
end

function test.expect()
  local shell = ipc.pty { "sh", "-c", 'while read x; do echo "got $x."; done' }
  shell:write("6*7\nsix\n")
  same(shell:expect({ "nothing", { regex = "got (\\w+)\\." } }, 10), 2)
  same(shell:before() .. shell:match() .. shell:match(1), "got 6*7.\ngot six.six")
  fails("ETIMEDOUT", shell.expect, shell, { "nothing" }, 0.01)
  same(shell:expect({ "nothing", ipc.TIMEOUT }, 0.01), 2)
  shell:write("\4")
  same(shell:expect { ipc.EOF }, 1)
  same(shell:close().ok, true)
end

function test.tcp()
  local listener = ipc.tcp_listen("127.0.0.1")
  local client = ipc.tcp_connect("127.0.0.1", listener:port(), 10)
  local server = listener:accept(10)
  same(server:peer(), client:addr())
  same(listener:addr(), "127.0.0.1:" .. listener:port())
  client:write("question\n"):shutdown()
  same(server:read(), "question\n")
  server:write("answer"):close()
  same(client:read(), "answer")
  fails("ETIMEDOUT", listener.accept, listener, 0.01)
end

function test.sem()
  local sem = ipc.sem.create { 1 }
  sem:take()
  fails("ETIMEDOUT", sem.take, sem, 0, 0.01)
  sem:give()
  same(sem:value(), 1)
  sem:remove()
  fails("EINVAL", sem.value, sem)
end

-- The descriptors of streams, children and signals in a poll of the program's own.
function test.poll()
  local reader, writer = ipc.open2 { "sh", "-c", "read x; echo $x" }
  ipc.signal.queue("USR2")
  local fds = ffi.new("struct pollfd[3]", { { reader:fd(), 1 }, { reader:child():fd(), 1 }, { ipc.signal.fd(), 1 } })
  same(ffi.C.poll(fds, 3, 0), 0)
  ipc.signal.kill("USR2", ffi.C.getpid())
  same(ffi.C.poll(fds, 3, 10000), 1)
  same(fds[2].revents, 1)
  same(ipc.signal.next(0), "USR2")
  writer:write("here\n"):close()
  assert(ffi.C.poll(fds, 1, 10000) == 1)
  same(reader:getline(), "here\n")
  same(ffi.C.poll(fds + 1, 1, 10000), 1)
  same(reader:close().ok, true)
  ipc.signal.default("USR2")
end

local failed = 0
for _, name in ipairs(names) do
  local ok, what = xpcall(tests[name], function(err) return type(err) == "string" and debug.traceback(err) or tostring(err) end)
  print((ok and "lua: " or "FAILED lua: ") .. name .. (ok and "" or ": " .. what))
  failed = failed + (ok and 0 or 1)
end
print(("lua: %d passed, %d failed, 0 skipped"):format(#names - failed, failed))
os.exit(failed == 0)
