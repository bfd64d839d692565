--- Perl's interprocess communication for LuaJIT: libperlipc by ffi. See include/perlipc.h for what each call does; the
-- names here are its nouns and verbs. Times are seconds, nil is no limit. Failures are thrown, as tables with code, name,
-- step, path and text.

-- Calls that wait run handlers, which call back into Lua: that must not happen from compiled code. And compiled code would
-- not see the hook by which LuaJIT's own Ctrl-C ends a program. So nothing in this file is compiled.
jit.off(true, true)

local ffi = require("ffi")
local M = {}

M.prototypes = [[
const char *ipc_version_string(void);
const char *ipc_error_name(int32_t code);
const char *ipc_error_text(int32_t code);
int32_t ipc_error_errno(int32_t code);
int32_t ipc_error_last_code(void);
const char *ipc_error_last_text(void);
const char *ipc_error_last_step(void);
const char *ipc_error_last_path(void);
int32_t ipc_signal_number(const char *signal);
const char *ipc_signal_name(int32_t signo);
int32_t ipc_signal_queue(const char *signal);
int32_t ipc_signal_ignore(const char *signal);
int32_t ipc_signal_default(const char *signal);
const char *ipc_signal_disposition(const char *signal);
int32_t ipc_signal_next(int32_t timeout_ms);
int32_t ipc_signal_sender(int32_t *pid, uint32_t *uid, int64_t *value);
int32_t ipc_signal_dispatch(int32_t timeout_ms);
int32_t ipc_signal_fd(void);
int32_t ipc_signal_hosted(int32_t on);
int32_t ipc_signal_kill(const char *signal, int32_t pid);
int64_t ipc_signal_sleep(int64_t milliseconds);
ipc_cmd *ipc_cmd_argv(const char * const *argv);
ipc_cmd *ipc_cmd_shell(const char *command);
int32_t ipc_cmd_env(ipc_cmd *cmd, const char *name, const char *value);
int32_t ipc_cmd_env_clear(ipc_cmd *cmd);
int32_t ipc_cmd_dir(ipc_cmd *cmd, const char *path);
int32_t ipc_cmd_redirect(ipc_cmd *cmd, int32_t child_fd, const char *spec);
int32_t ipc_cmd_pass(ipc_cmd *cmd, int32_t child_fd, int32_t fd);
int32_t ipc_cmd_option(ipc_cmd *cmd, const char *name, const char *value);
int32_t ipc_cmd_grace(ipc_cmd *cmd, int32_t term_ms);
int32_t ipc_cmd_start(const ipc_cmd *cmd, ipc_child **out);
void ipc_cmd_free(ipc_cmd *cmd);
int32_t ipc_wait_any(int32_t timeout_ms, int32_t *status);
int32_t ipc_wait_pid(int32_t pid, int32_t timeout_ms, int32_t *status);
int32_t ipc_child_pid(const ipc_child *child);
int32_t ipc_child_fd(const ipc_child *child);
int32_t ipc_child_wait(ipc_child *child, int32_t timeout_ms, int32_t *status);
int32_t ipc_child_kill(ipc_child *child, const char *signal);
int32_t ipc_child_end(ipc_child *child, int32_t term_ms, int32_t *status);
void ipc_child_free(ipc_child *child);
int32_t ipc_status_code(int32_t status);
int32_t ipc_status_signal(int32_t status);
int32_t ipc_status_known(int32_t status);
int32_t ipc_status_text(int32_t status, char *text, size_t cap);
int64_t ipc_stream_read(ipc_stream *s, void *data, size_t cap);
int64_t ipc_stream_readline(ipc_stream *s, const char **line);
int64_t ipc_stream_write(ipc_stream *s, const void *data, size_t len);
int32_t ipc_stream_flush(ipc_stream *s);
int32_t ipc_stream_autoflush(ipc_stream *s, int32_t on);
int32_t ipc_stream_separator(ipc_stream *s, const void *data, size_t len);
int32_t ipc_stream_record(ipc_stream *s, size_t size);
int32_t ipc_stream_timeout(ipc_stream *s, int32_t timeout_ms);
int32_t ipc_stream_deadline(ipc_stream *s, int32_t timeout_ms);
int32_t ipc_stream_eof(ipc_stream *s);
int32_t ipc_stream_shutdown(ipc_stream *s);
int32_t ipc_stream_cancel(ipc_stream *s);
ipc_child *ipc_stream_child(ipc_stream *s);
int32_t ipc_stream_fd(const ipc_stream *s);
int32_t ipc_stream_adopt(int32_t fd, ipc_stream **out);
int32_t ipc_stream_release(ipc_stream *s);
int32_t ipc_stream_close(ipc_stream *s, int32_t *status);
int32_t ipc_stream_peer(const ipc_stream *s, char *addr, size_t cap);
int32_t ipc_stream_addr(const ipc_stream *s, char *addr, size_t cap);
void ipc_stream_free(ipc_stream *s);
int32_t ipc_pipe_new(ipc_stream **reader, ipc_stream **writer);
int32_t ipc_popen_open(const char *spec, ipc_stream **out);
int32_t ipc_popen_start(const ipc_cmd *cmd, const char *mode, ipc_stream **out);
int32_t ipc_open2(const ipc_cmd *cmd, ipc_stream **reader, ipc_stream **writer);
int32_t ipc_open3(const ipc_cmd *cmd, ipc_stream **writer, ipc_stream **reader, ipc_stream **error);
const void *ipc_capture_output(const ipc_capture *c, size_t *len);
const void *ipc_capture_errors(const ipc_capture *c, size_t *len);
int32_t ipc_capture_status(const ipc_capture *c);
void ipc_capture_free(ipc_capture *c);
int32_t ipc_pty_open(const ipc_cmd *cmd, int32_t rows, int32_t cols, ipc_stream **out);
ipc_expect *ipc_expect_new(void);
int32_t ipc_expect_text(ipc_expect *e, const void *data, size_t len);
int32_t ipc_expect_regex(ipc_expect *e, const char *pattern);
int32_t ipc_expect_eof(ipc_expect *e);
int32_t ipc_expect_timeout(ipc_expect *e);
int32_t ipc_expect_wait(const ipc_expect *e, ipc_stream *s, int32_t timeout_ms);
const void *ipc_expect_before(const ipc_stream *s, size_t *len);
const void *ipc_expect_match(const ipc_stream *s, int32_t group, size_t *len);
void ipc_expect_free(ipc_expect *e);
int32_t ipc_sem_create(int32_t key, const int32_t *values, int32_t count, uint32_t mode);
int32_t ipc_sem_open(int32_t key, const int32_t *values, int32_t count, uint32_t mode, int32_t timeout_ms);
int32_t ipc_sem_take(int32_t id, int32_t index, int32_t timeout_ms);
int32_t ipc_sem_give(int32_t id, int32_t index);
int32_t ipc_sem_value(int32_t id, int32_t index);
int32_t ipc_sem_remove(int32_t id);
int32_t ipc_tcp_connect(const char *host, const char *service, const char *options, int32_t timeout_ms, ipc_stream **out);
int32_t ipc_tcp_listen(const char *host, const char *service, const char *options, ipc_listener **out);
int32_t ipc_unix_connect(const char *path, const char *options, int32_t timeout_ms, ipc_stream **out);
int32_t ipc_unix_listen(const char *path, const char *options, ipc_listener **out);
int32_t ipc_listener_accept(ipc_listener *l, int32_t timeout_ms, ipc_stream **out);
int32_t ipc_listener_addr(const ipc_listener *l, char *addr, size_t cap);
int32_t ipc_listener_port(const ipc_listener *l);
int32_t ipc_listener_fd(const ipc_listener *l);
int32_t ipc_listener_cancel(ipc_listener *l);
void ipc_listener_free(ipc_listener *l);
int32_t ipc_signal_handle(const char *signal, ipc_signal_fn handler, void *userdata);
int32_t ipc_capture_feed(ipc_stream *writer, const void *input, size_t len, ipc_stream *reader, ipc_stream *error, int32_t timeout_ms, ipc_capture **out);
int64_t ipc_capture_fed(const ipc_capture *c);
]]

for _, noun in ipairs { "cmd", "child", "stream", "capture", "expect", "listener" } do
  ffi.cdef("typedef struct ipc_" .. noun .. " ipc_" .. noun .. ";")
end
ffi.cdef("typedef int32_t (*ipc_signal_fn)(int32_t signo, const char *name, void *userdata);")
ffi.cdef(M.prototypes)
ffi.cdef [[
  struct perlipc_timespec { long sec, nsec; };
  int clock_gettime(int clock, struct perlipc_timespec *to);
  int siginterrupt(int signo, int flag);
]]
local library = ffi.load("libperlipc.so.0")

-- Text for C ends at the first NUL: nothing is cut without a word.
local texts = {}
for name, args in M.prototypes:gmatch("(ipc_[%w_]+)%(([^\n]*)%);") do
  local i = 0
  for arg in args:gmatch("[^,]+") do
    i = i + 1
    if arg:find("const char *", 1, true) and not arg:find("*[*%s]*%*") then
      texts[name] = texts[name] or {}
      table.insert(texts[name], i)
    end
  end
end
local C = setmetatable({}, { __index = function(functions, name)
  local call, at = library[name], texts[name]
  functions[name] = at and function(...)
    for _, i in ipairs(at) do
      local text = select(i, ...)
      if type(text) == "string" and text:find("\0", 1, true) then error(name .. ": a text with a NUL inside", 0) end
    end
    return call(...)
  end or call
  return functions[name]
end })

--- As include/perlipc.json has them.
M.constants = {
  PERLIPC_E_HANDLER = -10001, PERLIPC_E_CANCELED = -10002, PERLIPC_E_CLOSED = -10003, PERLIPC_E_BUSY = -10004,
  PERLIPC_E_INVALID = -10005, PERLIPC_E_TOO_LONG = -10007, PERLIPC_E_STATUS = -10008, PERLIPC_E_LOOKUP = -10020,
  PERLIPC_DEFAULT = -2, PERLIPC_PRIVATE = 0,
}
for name, value in pairs(M.constants) do M[name:gsub("^PERLIPC_", "")] = value end

-- LuaJIT runs its own Ctrl-C between calls: ours end with EINTR then, and are made again. Its handler is installed so
-- that system calls go on after it; siginterrupt changes that.
local EINTR, ERANGE, ETIMEDOUT, SIGINT = -4, -34, -110, 2
C.ipc_signal_hosted(1)
ffi.C.siginterrupt(SIGINT, 1)

-- ---- the tricks that all of this file uses ----

local Error = { __tostring = function(error) return error.text end }

local function text_of(pointer) return pointer ~= nil and ffi.string(pointer) or "" end

local function failure(code, partial)
  local last = C.ipc_error_last_code() == code
  return setmetatable({
    code = code,
    name = text_of(C.ipc_error_name(code)),
    errno = C.ipc_error_errno(code),
    text = text_of(last and C.ipc_error_last_text() or C.ipc_error_text(code)),
    step = last and text_of(C.ipc_error_last_step()) or "",
    path = last and text_of(C.ipc_error_last_path()) or "",
    partial = partial,
  }, Error)
end

-- What a handler has thrown, until the call that it interrupted has come back.
local thrown

local function check(result)
  result = tonumber(result)
  if result >= 0 then return result end
  if result == M.E_HANDLER and thrown then
    local what = thrown[1]
    thrown = nil
    error(what, 0)
  end
  error(failure(result), 0)
end

local spec = ffi.new("struct perlipc_timespec")
local function now()
  ffi.C.clock_gettime(1, spec)
  return tonumber(spec.sec) + tonumber(spec.nsec) / 1e9
end

local function milliseconds(seconds) return seconds and math.ceil(seconds * 1000) or -1 end

-- Makes the call until it is not LuaJIT's own handler that has ended it; with the milliseconds that are left.
local function wait(seconds, call)
  local ends = seconds and now() + seconds
  while true do
    local result = tonumber(call(ends and math.max(0, math.ceil((ends - now()) * 1000)) or -1))
    if result ~= EINTR then return result end
  end
end

local function copied(call)
  local size = 256
  while true do
    local room = ffi.new("char[?]", size)
    local length = call(room, size)
    if length ~= ERANGE or size > 2 ^ 26 then return ffi.string(room, check(length)) end
    size = size * 8
  end
end

local function borrowed(call)
  local length = ffi.new("size_t[1]")
  local data = call(length)
  return data ~= nil and ffi.string(data, length[0]) or nil
end

-- A method table, and what makes an object of a handle that is freed with it.
local function class(noun)
  local methods = {}
  methods.__index = methods
  local free = noun and C["ipc_" .. noun .. "_free"]
  return methods, function(handle, more)
    local object = more or {}
    object.handle = free and not object.lent and ffi.gc(handle, free) or handle
    return setmetatable(object, methods)
  end
end

-- The handle that a call gives.
local function given(noun, seconds, call)
  local out = ffi.new("ipc_" .. noun .. " *[1]")
  local result = check(wait(seconds, function(left) return call(out, left) end))
  return out[0], result
end

-- ---- status ----

--- How a child ended: native is $? as waitpid gives it, nil where nobody can know.
local Status = { __tostring = function(status)
  return copied(function(room, size) return C.ipc_status_text(status.native or -1, room, size) end)
end }
local function new_status(native)
  local code, signal = C.ipc_status_code(native), C.ipc_status_signal(native)
  return setmetatable({
    native = native ~= -1 and native or nil,
    known = C.ipc_status_known(native) == 1,
    ok = native == 0,
    code = code >= 0 and code or nil,
    signal = signal > 0 and signal or nil,
  }, Status)
end

-- Runs it; ends the child if that does not come to its end, and at a deadline tells how it ended and what it said.
local function ending(child, said, rest, run)
  local ok, result = pcall(run)
  if ok then return result end
  local status = child:finish()
  if type(result) ~= "table" or result.code ~= ETIMEDOUT then error(result, 0) end
  if rest then rest() end
  if said then said.status = status end
  result.partial = said or status
  error(result, 0)
end

-- ---- cmd, child ----

local Cmd, new_cmd = class("cmd")
local Child, new_child = class("child")

--- What to run: a command string by Perl's rule, or words in a table, which may have env (false takes a variable away),
-- clear_env, dir, redirect (by descriptor: a word, or a number to pass), grace and options.
function M.cmd(what)
  if getmetatable(what) == Cmd then return what end
  if type(what) == "string" then return new_cmd(C.ipc_cmd_shell(what)) end
  local words = ffi.new("const char *[?]", #what + 1)
  local keep = {}
  for i, word in ipairs(what) do
    keep[i] = tostring(word)
    if keep[i]:find("\0", 1, true) then error("a word with a NUL inside", 0) end
    words[i - 1] = keep[i]
  end
  local cmd = new_cmd(C.ipc_cmd_argv(words))
  if what.clear_env then C.ipc_cmd_env_clear(cmd.handle) end
  for name, value in pairs(what.env or {}) do C.ipc_cmd_env(cmd.handle, name, value or nil) end
  if what.dir then C.ipc_cmd_dir(cmd.handle, what.dir) end
  for fd, to in pairs(what.redirect or {}) do
    if type(to) == "number" then C.ipc_cmd_pass(cmd.handle, fd, to) else C.ipc_cmd_redirect(cmd.handle, fd, to) end
  end
  if what.grace then C.ipc_cmd_grace(cmd.handle, milliseconds(what.grace)) end
  for name, value in pairs(what.options or {}) do C.ipc_cmd_option(cmd.handle, name, tostring(value)) end
  return cmd
end

function M.start(what)
  local cmd = M.cmd(what)
  return new_child((given("child", nil, function(out) return C.ipc_cmd_start(cmd.handle, out) end)))
end

--- Runs it and waits: its status. When time is up, or Ctrl-C throws, it ends with all that it has started.
function M.run(what, timeout)
  local child = M.start(what)
  return ending(child, nil, nil, function() return child:wait(timeout) end)
end

function Child:pid() return check(C.ipc_child_pid(self.handle)) end
--- Its pidfd, readable when it has ended.
function Child:fd() return check(C.ipc_child_fd(self.handle)) end
function Child:kill(signal) check(C.ipc_child_kill(self.handle, signal or "TERM")) end

function Child:wait(timeout)
  local status = ffi.new("int32_t[1]", -1)
  check(wait(timeout, function(left) return C.ipc_child_wait(self.handle, left, status) end))
  return new_status(status[0])
end

--- TERM to its tree, `grace` seconds to go, then KILL.
function Child:finish(grace)
  local status = ffi.new("int32_t[1]", -1)
  check(wait(grace or 1, function(left) return C.ipc_child_end(self.handle, left, status) end))
  return new_status(status[0])
end

local function waited(timeout, call)
  local status = ffi.new("int32_t[1]", -1)
  local pid = check(wait(timeout, function(left) return call(left, status) end))
  return pid, new_status(status[0])
end
function M.wait_any(timeout) return waited(timeout, C.ipc_wait_any) end
function M.wait_pid(pid, timeout)
  return waited(timeout, function(left, status) return C.ipc_wait_pid(pid, left, status) end)
end

-- ---- stream ----

local Stream, new_stream = class("stream")

local function stream_of(...) return new_stream((given("stream", ...))) end

--- Takes a descriptor over.
function M.adopt(fd) return stream_of(nil, function(out) return C.ipc_stream_adopt(fd, out) end) end

--- What is there, at most `size` bytes; nil at the end.
function Stream:read_some(size)
  local room = ffi.new("char[?]", size or 65536)
  local length = check(wait(nil, function() return C.ipc_stream_read(self.handle, room, size or 65536) end))
  return length > 0 and ffi.string(room, length) or nil
end

--- The next record with its separator; nil at the end.
function Stream:getline()
  local line = ffi.new("const char *[1]")
  local length = check(wait(nil, function() return C.ipc_stream_readline(self.handle, line) end))
  return length > 0 and ffi.string(line[0], length) or nil
end

--- for line in stream:lines() do
function Stream:lines() return function() return self:getline() end end

--- All that is left.
function Stream:read()
  local all = {}
  for piece in function() return self:read_some() end do all[#all + 1] = piece end
  return table.concat(all)
end

function Stream:write(...)
  for _, data in ipairs { ... } do
    data = tostring(data)
    local result = tonumber(C.ipc_stream_write(self.handle, data, #data))
    -- What was not written when a handler came in between is in the stream.
    if result == EINTR then self:flush() else check(result) end
  end
  return self
end

function Stream:flush()
  check(wait(nil, function() return C.ipc_stream_flush(self.handle) end))
  return self
end

function Stream:autoflush(on) check(C.ipc_stream_autoflush(self.handle, on and 1 or 0)) end
--- What ends a record; "" means paragraphs, nil the whole input.
function Stream:separator(bytes)
  if bytes then check(C.ipc_stream_separator(self.handle, bytes, #bytes)) else check(C.ipc_stream_record(self.handle, 0)) end
end
--- The limit of each call, in seconds.
function Stream:timeout(seconds) check(C.ipc_stream_timeout(self.handle, milliseconds(seconds))) end
--- The limit of all calls together, from now on.
function Stream:deadline(seconds) check(C.ipc_stream_deadline(self.handle, milliseconds(seconds))) end
function Stream:eof() return check(wait(nil, function() return C.ipc_stream_eof(self.handle) end)) == 1 end
function Stream:shutdown() check(wait(nil, function() return C.ipc_stream_shutdown(self.handle) end)) end
function Stream:cancel() check(C.ipc_stream_cancel(self.handle)) end
function Stream:fd() return check(C.ipc_stream_fd(self.handle)) end
--- The descriptor, which is the caller's from now on.
function Stream:release() return check(C.ipc_stream_release(self.handle)) end

--- The child that it carries, nil when it carries none.
function Stream:child()
  local child = C.ipc_stream_child(self.handle)
  return child ~= nil and new_child(child, { lent = self }) or nil
end

--- Flushes, closes, and where this was the last stream of its child, waits for that.
function Stream:close()
  local status = ffi.new("int32_t[1]", -1)
  local result = wait(nil, function() return C.ipc_stream_close(self.handle, status) end)
  if result < 0 and result ~= M.E_HANDLER then error(failure(result, new_status(status[0])), 0) end
  check(result)
  return new_status(status[0])
end

function Stream:peer() return copied(function(room, size) return C.ipc_stream_peer(self.handle, room, size) end) end
function Stream:addr() return copied(function(room, size) return C.ipc_stream_addr(self.handle, room, size) end) end

--- Reader and writer of a pipe.
function M.pipe()
  local reader, writer = ffi.new("ipc_stream *[1]"), ffi.new("ipc_stream *[1]")
  check(C.ipc_pipe_new(reader, writer))
  return new_stream(reader[0]), new_stream(writer[0])
end

-- ---- popen, open2, open3, capture ----

--- Perl's open: "cmd |", "| cmd"; or "-|" and "|-" with words or a command.
function M.open(what, cmd)
  cmd = cmd and M.cmd(cmd)
  return stream_of(nil, function(out)
    if cmd then return C.ipc_popen_start(cmd.handle, what, out) end
    return C.ipc_popen_open(what, out)
  end)
end

--- Reader, writer, pid.
function M.open2(cmd)
  local reader, writer = ffi.new("ipc_stream *[1]"), ffi.new("ipc_stream *[1]")
  local pid = check(C.ipc_open2(M.cmd(cmd).handle, reader, writer))
  return new_stream(reader[0]), new_stream(writer[0]), pid
end

--- Writer, reader, error stream, pid; nil for a stream whose descriptor the command places itself.
function M.open3(cmd)
  local writer, reader, errors = ffi.new("ipc_stream *[1]"), ffi.new("ipc_stream *[1]"), ffi.new("ipc_stream *[1]")
  local pid = check(C.ipc_open3(M.cmd(cmd).handle, writer, reader, errors))
  local function stream(out) return out[0] ~= nil and new_stream(out[0]) or nil end
  return stream(writer), stream(reader), stream(errors), pid
end

--- A command on a new terminal.
function M.pty(cmd, rows, cols)
  cmd = M.cmd(cmd)
  return stream_of(nil, function(out) return C.ipc_pty_open(cmd.handle, rows or 24, cols or 80, out) end)
end

--- Perl's backticks, with the standard error apart: feeds `input` and keeps all that is said: output, errors, status. When
-- time is up, or Ctrl-C throws, the command ends with all that it has started; the error's partial then has what came.
function M.capture(cmd, input, timeout)
  local writer, reader, errors = M.open3(cmd)
  local said, child, fed = { output = "", errors = "" }, reader:child(), 0
  input = input or ""
  local function hear(left)
    local out = ffi.new("ipc_capture *[1]")
    local rest = ffi.cast("const char *", input) + fed
    local result = C.ipc_capture_feed(writer.handle, rest, #input - fed, reader.handle, errors.handle, left, out)
    if out[0] ~= nil then
      local capture = out[0]
      said.output = said.output .. borrowed(function(length) return C.ipc_capture_output(capture, length) end)
      said.errors = said.errors .. borrowed(function(length) return C.ipc_capture_errors(capture, length) end)
      said.status = new_status(C.ipc_capture_status(capture))
      fed = fed + tonumber(C.ipc_capture_fed(capture))
      C.ipc_capture_free(capture)
    end
    return result
  end
  ending(child, said, function() hear(0) end, function() check(wait(timeout, hear)) end)
  return said
end

-- ---- expect ----

local Expect, new_expect = class("expect")
M.EOF, M.TIMEOUT = {}, {}

--- A list of patterns: strings, { regex = "..." }, EOF, TIMEOUT.
function M.expect(patterns)
  local list = new_expect(C.ipc_expect_new())
  for _, pattern in ipairs(patterns) do
    if pattern == M.EOF then check(C.ipc_expect_eof(list.handle))
    elseif pattern == M.TIMEOUT then check(C.ipc_expect_timeout(list.handle))
    elseif type(pattern) == "table" then check(C.ipc_expect_regex(list.handle, pattern.regex))
    else check(C.ipc_expect_text(list.handle, pattern, #pattern)) end
  end
  return list
end

--- The number of the pattern that was found, from 1. `timeout` nil: the list's own, 30 seconds; math.huge: none.
function Expect:wait(stream, timeout)
  local limit = timeout ~= math.huge and timeout or nil
  return 1 + check(wait(limit, function(left)
    return C.ipc_expect_wait(self.handle, stream.handle, timeout and left or M.DEFAULT)
  end))
end

function Stream:expect(patterns, timeout) return M.expect(patterns):wait(self, timeout) end
--- What had arrived before the match; what matched, or a group of it.
function Stream:before() return borrowed(function(length) return C.ipc_expect_before(self.handle, length) end) end
function Stream:match(group) return borrowed(function(length) return C.ipc_expect_match(self.handle, group or 0, length) end) end

-- ---- sockets ----

local Listener, new_listener = class("listener")

function M.tcp_connect(host, service, timeout, options)
  return stream_of(timeout, function(out, left) return C.ipc_tcp_connect(host, tostring(service), options, left, out) end)
end
--- `service` nil: a port of the kernel's choice.
function M.tcp_listen(host, service, options)
  service = service and tostring(service)
  return new_listener((given("listener", nil, function(out) return C.ipc_tcp_listen(host, service, options, out) end)))
end
function M.unix_connect(path, timeout, options)
  return stream_of(timeout, function(out, left) return C.ipc_unix_connect(path, options, left, out) end)
end
function M.unix_listen(path, options)
  return new_listener((given("listener", nil, function(out) return C.ipc_unix_listen(path, options, out) end)))
end

function Listener:accept(timeout)
  return stream_of(timeout, function(out, left) return C.ipc_listener_accept(self.handle, left, out) end)
end
function Listener:addr() return copied(function(room, size) return C.ipc_listener_addr(self.handle, room, size) end) end
function Listener:port() return check(C.ipc_listener_port(self.handle)) end
function Listener:fd() return check(C.ipc_listener_fd(self.handle)) end
function Listener:cancel() check(C.ipc_listener_cancel(self.handle)) end

-- ---- sem: System V semaphores, by id ----

local Sem = class()
M.sem = {}

function M.sem.of(id) return setmetatable({ id = id }, Sem) end
function M.sem.create(values, key, mode)
  local all = ffi.new("int32_t[?]", #values, values)
  return M.sem.of(check(C.ipc_sem_create(key or M.PRIVATE, all, #values, mode or 384)))
end
function M.sem.open(key, values, mode, timeout)
  local all = ffi.new("int32_t[?]", #values, values)
  return M.sem.of(check(wait(timeout, function(left) return C.ipc_sem_open(key, all, #values, mode or 384, left) end)))
end
--- Semaphores of a set count from 0.
function Sem:take(index, timeout) check(wait(timeout, function(left) return C.ipc_sem_take(self.id, index or 0, left) end)) end
function Sem:give(index) check(C.ipc_sem_give(self.id, index or 0)) end
function Sem:value(index) return check(C.ipc_sem_value(self.id, index or 0)) end
function Sem:remove() check(C.ipc_sem_remove(self.id)) end

-- ---- signal ----

local signal = {}
M.signal = signal
local handlers = {}

-- One for all signals: callbacks are few, and never freed.
local run_handler = ffi.cast("ipc_signal_fn", function(signo, name)
  local ok, what = pcall(handlers[signo], ffi.string(name), signo)
  if ok then return 0 end
  -- An error must not leave a callback: it comes out of the call that was interrupted.
  thrown = { what }
  return 1
end)

function signal.number(name) return check(C.ipc_signal_number(name)) end
function signal.name(number)
  local name = C.ipc_signal_name(number)
  return name ~= nil and ffi.string(name) or nil
end
--- Called with name and number inside the calls of this module that wait, and by dispatch; what it throws ends the call.
function signal.handle(name, handler)
  local number, old = signal.number(name), nil
  old, handlers[number] = handlers[number], handler
  local result = C.ipc_signal_handle(name, run_handler, nil)
  if result < 0 then handlers[number] = old end
  check(result)
end
--- Keeps a signal for `next`.
function signal.queue(name) check(C.ipc_signal_queue(name)) end
function signal.ignore(name) check(C.ipc_signal_ignore(name)) end
function signal.default(name) check(C.ipc_signal_default(name)) end
function signal.disposition(name) return text_of(C.ipc_signal_disposition(name)) end
function signal.kill(name, pid) check(C.ipc_signal_kill(name, pid)) end
--- Readable when a queued signal or a handler is due: for event loops.
function signal.fd() return check(C.ipc_signal_fd()) end
--- Runs the handlers that are due, after waiting for one; how many.
function signal.dispatch(timeout)
  return check(wait(timeout or 0, function(left) return C.ipc_signal_dispatch(left) end))
end
--- The name of a queued signal that has arrived, nil when time is up.
function signal.next(timeout)
  local number = wait(timeout, function(left) return C.ipc_signal_next(left) end)
  return number ~= ETIMEDOUT and signal.name(check(number)) or nil
end
--- Who sent what `next` gave last, or the signal whose handler runs now.
function signal.sender()
  local pid, uid, value = ffi.new("int32_t[1]"), ffi.new("uint32_t[1]"), ffi.new("int64_t[1]")
  local count = check(C.ipc_signal_sender(pid, uid, value))
  return { pid = pid[0], uid = uid[0], value = tonumber(value[0]), count = count }
end
--- What is left of the time when a handler ended it.
function signal.sleep(seconds)
  local ends = now() + seconds
  check(wait(seconds, function(left) return C.ipc_signal_sleep(left) end))
  return math.max(0, ends - now())
end

function M.version() return text_of(C.ipc_version_string()) end

return M
