'use strict';

// Perl's interprocess communication for Node: libperlipc by koffi. See include/perlipc.h for what each call does; the names
// here are its nouns and verbs. Times are milliseconds, undefined is no limit. What can wait is a promise: it waits on a
// thread of libuv's pool, so that the event loop goes on, Ctrl-C and process.on('SIGINT') included. What starts a program
// is synchronous: it waits only until the program runs.

const fs = require('node:fs');
const net = require('node:net');
const koffi = require('koffi');

// The functions of the library that are used here, as include/perlipc.h has them.
const prototypes = `
const char *ipc_version_string(void)
const char *ipc_error_name(int32_t code)
const char *ipc_error_text(int32_t code)
int32_t ipc_error_errno(int32_t code)
int32_t ipc_error_last_code(void)
const char *ipc_error_last_text(void)
const char *ipc_error_last_step(void)
const char *ipc_error_last_path(void)
int32_t ipc_signal_number(const char *signal)
const char *ipc_signal_name(int32_t signo)
int32_t ipc_signal_queue(const char *signal)
int32_t ipc_signal_ignore(const char *signal)
int32_t ipc_signal_default(const char *signal)
const char *ipc_signal_disposition(const char *signal)
int32_t ipc_signal_next(int32_t timeout_ms)
int32_t ipc_signal_sender(int32_t *pid, uint32_t *uid, int64_t *value)
int32_t ipc_signal_fd(void)
int32_t ipc_signal_kill(const char *signal, int32_t pid)
ipc_cmd *ipc_cmd_argv(const char * const *argv)
ipc_cmd *ipc_cmd_shell(const char *command)
int32_t ipc_cmd_env(ipc_cmd *cmd, const char *name, const char *value)
int32_t ipc_cmd_env_clear(ipc_cmd *cmd)
int32_t ipc_cmd_dir(ipc_cmd *cmd, const char *path)
int32_t ipc_cmd_redirect(ipc_cmd *cmd, int32_t child_fd, const char *spec)
int32_t ipc_cmd_pass(ipc_cmd *cmd, int32_t child_fd, int32_t fd)
int32_t ipc_cmd_option(ipc_cmd *cmd, const char *name, const char *value)
int32_t ipc_cmd_grace(ipc_cmd *cmd, int32_t term_ms)
int32_t ipc_cmd_start(const ipc_cmd *cmd, ipc_child **out)
int32_t ipc_cmd_run(const ipc_cmd *cmd, int32_t timeout_ms, int32_t *status)
void ipc_cmd_free(ipc_cmd *cmd)
int32_t ipc_wait_any(int32_t timeout_ms, int32_t *status)
int32_t ipc_wait_pid(int32_t pid, int32_t timeout_ms, int32_t *status)
int32_t ipc_child_pid(const ipc_child *child)
int32_t ipc_child_fd(const ipc_child *child)
int32_t ipc_child_exit_fd(const ipc_child *child)
int32_t ipc_child_wait(ipc_child *child, int32_t timeout_ms, int32_t *status)
int32_t ipc_child_kill(ipc_child *child, const char *signal)
int32_t ipc_child_end(ipc_child *child, int32_t term_ms, int32_t *status)
void ipc_child_free(ipc_child *child)
int32_t ipc_status_code(int32_t status)
int32_t ipc_status_signal(int32_t status)
int32_t ipc_status_known(int32_t status)
int32_t ipc_status_text(int32_t status, char *text, size_t cap)
int64_t ipc_stream_read(ipc_stream *s, void *data, size_t cap)
int64_t ipc_stream_readline(ipc_stream *s, const char **line)
int64_t ipc_stream_write(ipc_stream *s, const void *data, size_t len)
int32_t ipc_stream_flush(ipc_stream *s)
int32_t ipc_stream_autoflush(ipc_stream *s, int32_t on)
int32_t ipc_stream_separator(ipc_stream *s, const void *data, size_t len)
int32_t ipc_stream_record(ipc_stream *s, size_t size)
int32_t ipc_stream_timeout(ipc_stream *s, int32_t timeout_ms)
int32_t ipc_stream_deadline(ipc_stream *s, int32_t timeout_ms)
int32_t ipc_stream_eof(ipc_stream *s)
int32_t ipc_stream_shutdown(ipc_stream *s)
int32_t ipc_stream_cancel(ipc_stream *s)
ipc_child *ipc_stream_child(ipc_stream *s)
int32_t ipc_stream_fd(const ipc_stream *s)
int32_t ipc_stream_adopt(int32_t fd, ipc_stream **out)
int32_t ipc_stream_release(ipc_stream *s)
int32_t ipc_stream_close(ipc_stream *s, int32_t *status)
int32_t ipc_stream_peer(const ipc_stream *s, char *addr, size_t cap)
int32_t ipc_stream_addr(const ipc_stream *s, char *addr, size_t cap)
void ipc_stream_free(ipc_stream *s)
int32_t ipc_pipe_new(ipc_stream **reader, ipc_stream **writer)
int32_t ipc_popen_open(const char *spec, ipc_stream **out)
int32_t ipc_popen_start(const ipc_cmd *cmd, const char *mode, ipc_stream **out)
int32_t ipc_open2(const ipc_cmd *cmd, ipc_stream **reader, ipc_stream **writer)
int32_t ipc_open3(const ipc_cmd *cmd, ipc_stream **writer, ipc_stream **reader, ipc_stream **error)
int32_t ipc_capture_run(const ipc_cmd *cmd, const void *input, size_t len, int32_t timeout_ms, ipc_capture **out)
const void *ipc_capture_output(const ipc_capture *c, size_t *len)
const void *ipc_capture_errors(const ipc_capture *c, size_t *len)
int32_t ipc_capture_status(const ipc_capture *c)
int32_t ipc_capture_timed_out(const ipc_capture *c)
void ipc_capture_free(ipc_capture *c)
int32_t ipc_pty_open(const ipc_cmd *cmd, int32_t rows, int32_t cols, ipc_stream **out)
ipc_expect *ipc_expect_new(void)
int32_t ipc_expect_text(ipc_expect *e, const void *data, size_t len)
int32_t ipc_expect_regex(ipc_expect *e, const char *pattern)
int32_t ipc_expect_eof(ipc_expect *e)
int32_t ipc_expect_timeout(ipc_expect *e)
int32_t ipc_expect_wait(const ipc_expect *e, ipc_stream *s, int32_t timeout_ms)
const void *ipc_expect_before(const ipc_stream *s, size_t *len)
const void *ipc_expect_match(const ipc_stream *s, int32_t group, size_t *len)
void ipc_expect_free(ipc_expect *e)
int32_t ipc_sem_create(int32_t key, const int32_t *values, int32_t count, uint32_t mode)
int32_t ipc_sem_open(int32_t key, const int32_t *values, int32_t count, uint32_t mode, int32_t timeout_ms)
int32_t ipc_sem_take(int32_t id, int32_t index, int32_t timeout_ms)
int32_t ipc_sem_give(int32_t id, int32_t index)
int32_t ipc_sem_value(int32_t id, int32_t index)
int32_t ipc_sem_remove(int32_t id)
int32_t ipc_tcp_connect(const char *host, const char *service, const char *options, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_tcp_listen(const char *host, const char *service, const char *options, ipc_listener **out)
int32_t ipc_unix_connect(const char *path, const char *options, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_unix_listen(const char *path, const char *options, ipc_listener **out)
int32_t ipc_listener_accept(ipc_listener *l, int32_t timeout_ms, ipc_stream **out)
int32_t ipc_listener_addr(const ipc_listener *l, char *addr, size_t cap)
int32_t ipc_listener_port(const ipc_listener *l)
int32_t ipc_listener_fd(const ipc_listener *l)
int32_t ipc_listener_cancel(ipc_listener *l)
void ipc_listener_free(ipc_listener *l)
int64_t ipc_capture_fed(const ipc_capture *c)
`.trim().split('\n');

// As include/perlipc.json has them.
const constants = {
  PERLIPC_E_HANDLER: -10001, PERLIPC_E_CANCELED: -10002, PERLIPC_E_CLOSED: -10003, PERLIPC_E_BUSY: -10004,
  PERLIPC_E_INVALID: -10005, PERLIPC_E_TOO_LONG: -10007, PERLIPC_E_STATUS: -10008, PERLIPC_E_LOOKUP: -10020,
  PERLIPC_DEFAULT: -2, PERLIPC_PRIVATE: 0,
};
const ETIMEDOUT = -110, ERANGE = -34;

// ---- the tricks that all of this file uses ----

const library = koffi.load('libperlipc.so.0');
for (const noun of ['cmd', 'child', 'stream', 'capture', 'expect', 'listener']) koffi.opaque(`ipc_${noun}`);

// What goes out through a pointer: handles, numbers, borrowed bytes. Room of ours comes as a Buffer.
function annotated(prototype) {
  return prototype.replace(/const char \*\*line/, '_Out_ void **line')
    .replace(/(?<!const )\b(ipc_\w+ \*\*|u?int(?:32|64)_t \*|size_t \*)/g, '_Out_ $1')
    .replace(/(?<!const )char \*(addr|text)/g, 'void *$1')
    .replace(/const char \* ?const \*/g, 'const char **');
}

const C = {};
for (const prototype of prototypes) {
  const [, name, args] = prototype.match(/(ipc_\w+)\((.*)\)/), call = library.func(annotated(prototype));
  // Text for C ends at the first NUL: nothing is cut without a word.
  const texts = args.split(', ').flatMap((arg, i) => (/^const char \*/.test(arg) ? [i] : []));
  const checked = (given) => {
    if (texts.some((i) => [given[i]].flat().some((text) => typeof text === 'string' && text.includes('\0')))) {
      throw new TypeError(`${name}: a text with a NUL inside`);
    }
    return given;
  };
  C[name] = texts.length ? (...given) => call(...checked(given)) : call;
  C[name].async = texts.length ? (...given) => call.async(...checked(given)) : call.async;
}

class PerlipcError extends Error {
  // What was done tells more where the call was made on this thread, whose last failure is still known.
  constructor(result, step, partial) {
    const last = step === undefined && C.ipc_error_last_code() === result;
    super(last ? C.ipc_error_last_text() : [step, C.ipc_error_text(result)].filter(Boolean).join(': '));
    this.name = 'PerlipcError';
    this.result = result;
    this.code = C.ipc_error_name(result);
    this.errno = C.ipc_error_errno(result);
    this.step = last ? C.ipc_error_last_step() : step ?? '';
    this.path = last ? C.ipc_error_last_path() : '';
    // The Status or the Capture that came all the same.
    if (partial !== undefined) this.partial = partial;
  }
}

function check(result, step, partial) {
  if (result < 0) throw new PerlipcError(Number(result), step, partial);
  return Number(result);
}

// Makes the call on another thread; its result, also below 0. Handles live until it is over, whoever has forgotten them.
const busy = new Set();
function later(call, ...args) {
  return new Promise((resolve, reject) => {
    busy.add(args);
    call.async(...args.map((arg) => (arg instanceof Handle ? arg.handle : arg)), (error, result) => {
      busy.delete(args);
      if (error) reject(error);
      else resolve(Number(result));
    });
  });
}

const limit = (time) => (time === undefined || time === null || time === Infinity ? -1 : Math.ceil(time));
const freed = new FinalizationRegistry(({ handle, free }) => free(handle));

class Handle {
  constructor(handle, free) {
    this.handle = handle;
    if (free) freed.register(this, { handle, free });
  }
}

function bytes(pointer, length) {
  if (pointer === null || length === 0) return pointer && Buffer.alloc(0);
  return Buffer.from(koffi.decode(pointer, koffi.array('uint8_t', length, 'Typed')));
}

function borrowed(call, ...args) {
  const length = [0];
  const pointer = call(...args, length);
  return bytes(pointer, Number(length[0]));
}

function text(call, ...args) {
  for (let size = 256; ; size *= 8) {
    const room = Buffer.alloc(size);
    const length = call(...args, room, size);
    if (length === ERANGE && size < 2 ** 26) continue;
    return room.toString('utf8', 0, check(length));
  }
}

// ---- status ----

// How a child ended: native is $? as waitpid gives it, null where nobody can know.
class Status {
  constructor(native) {
    const code = C.ipc_status_code(native);
    this.native = native === -1 ? null : native;
    this.known = C.ipc_status_known(native) === 1;
    this.ok = native === 0;
    this.code = code < 0 ? null : code;
    this.signal = signal.name(C.ipc_status_signal(native));
  }

  toString() { return text(C.ipc_status_text, this.native ?? -1); }
}

// ---- cmd, child ----

// What to run: a command string by Perl's rule, or words. Options: env (null takes a variable away), clearEnv, dir, redirect
// (by descriptor: a word, or a number to pass), grace, and those of ipc_cmd_option.
class Cmd extends Handle {
  constructor(what, { env = {}, clearEnv, dir, redirect = {}, grace, ...options } = {}) {
    super(typeof what === 'string' ? C.ipc_cmd_shell(what) : C.ipc_cmd_argv([...what.map(String), null]), C.ipc_cmd_free);
    if (clearEnv) C.ipc_cmd_env_clear(this.handle);
    for (const [name, value] of Object.entries(env)) C.ipc_cmd_env(this.handle, name, value);
    if (dir !== undefined) C.ipc_cmd_dir(this.handle, dir);
    for (const [fd, to] of Object.entries(redirect)) {
      if (typeof to === 'number') C.ipc_cmd_pass(this.handle, Number(fd), to);
      else C.ipc_cmd_redirect(this.handle, Number(fd), to);
    }
    if (grace !== undefined) C.ipc_cmd_grace(this.handle, grace);
    for (const [name, value] of Object.entries(options)) C.ipc_cmd_option(this.handle, name, String(value));
  }

  static of(what) { return what instanceof Cmd ? what : new Cmd(what); }
}

class Child extends Handle {
  // One that a stream carries is the stream's.
  constructor(handle, owner) {
    super(handle, owner ? undefined : C.ipc_child_free);
    this.owner = owner;
  }

  get pid() { return check(C.ipc_child_pid(this.handle)); }
  async wait(time) {
    const status = [-1];
    check(await later(C.ipc_child_wait, this, limit(time), status), 'wait');
    return new Status(status[0]);
  }
  // The same without a thread of the pool: by a pipe that ends with the child.
  async exited() {
    const pipe = new net.Socket({ fd: check(C.ipc_child_exit_fd(this.handle)), writable: false });
    await new Promise((resolve) => pipe.resume().once('close', resolve));
    return this.wait(0);
  }
  kill(name = 'TERM') { check(C.ipc_child_kill(this.handle, name)); }
  // TERM to its tree, `grace` to go, then KILL.
  async end(grace = 1000) {
    const status = [-1];
    check(await later(C.ipc_child_end, this, grace, status), 'end');
    return new Status(status[0]);
  }
}

function start(cmd) {
  const out = [null];
  check(C.ipc_cmd_start(Cmd.of(cmd).handle, out));
  return new Child(out[0]);
}

// Perl's system: its Status. At the deadline it ends with all that it has started.
async function run(cmd, time) {
  const keep = Cmd.of(cmd), status = [-1];
  const result = await later(C.ipc_cmd_run, keep, limit(time), status);
  check(result, 'run', new Status(status[0]));
  return new Status(status[0]);
}

// ---- stream ----

// Perl's filehandle. For strings, toString() the Buffers that come, or setEncoding.
class Stream extends Handle {
  constructor(handle) {
    super(handle, C.ipc_stream_free);
    this.encoding = null;
  }

  static adopt(fd) {
    const out = [null];
    check(C.ipc_stream_adopt(fd, out));
    return new Stream(out[0]);
  }
  setEncoding(encoding) {
    this.encoding = encoding;
    return this;
  }
  // What is there; null at the end.
  async readSome(size = 65536) {
    const room = Buffer.alloc(size);
    const length = check(await later(C.ipc_stream_read, this, room, size), 'read');
    return length === 0 ? null : this.#decoded(room.subarray(0, length));
  }
  // The next record with its separator; null at the end.
  async readline() {
    const line = [null];
    const length = check(await later(C.ipc_stream_readline, this, line), 'read');
    return length === 0 ? null : this.#decoded(bytes(line[0], length));
  }
  async *[Symbol.asyncIterator]() {
    for (let line; (line = await this.readline()) !== null;) yield line;
  }
  // All that is left.
  async read() {
    const room = [], buffer = Buffer.alloc(65536);
    for (let length; (length = check(await later(C.ipc_stream_read, this, buffer, buffer.length), 'read')) > 0;) {
      room.push(Buffer.from(buffer.subarray(0, length)));
    }
    return this.#decoded(Buffer.concat(room));
  }
  async write(data) {
    data = Buffer.from(data);
    check(await later(C.ipc_stream_write, this, data, data.length), 'write');
  }
  async flush() { check(await later(C.ipc_stream_flush, this), 'flush'); }
  autoflush(on) { check(C.ipc_stream_autoflush(this.handle, on ? 1 : 0)); }
  // What ends a record; '' means paragraphs, null the whole input.
  separator(data) {
    if (data === null) check(C.ipc_stream_record(this.handle, 0));
    else check(C.ipc_stream_separator(this.handle, Buffer.from(data), Buffer.byteLength(data)));
  }
  // The limit of each call; of all calls together, from now on.
  timeout(time) { check(C.ipc_stream_timeout(this.handle, limit(time))); }
  deadline(time) { check(C.ipc_stream_deadline(this.handle, limit(time))); }
  async eof() { return check(await later(C.ipc_stream_eof, this), 'read') === 1; }
  async shutdown() { check(await later(C.ipc_stream_shutdown, this), 'shutdown'); }
  // Ends the call that waits, and all later ones that would have to wait.
  cancel() { check(C.ipc_stream_cancel(this.handle)); }
  get fd() { return check(C.ipc_stream_fd(this.handle)); }
  get child() {
    const child = C.ipc_stream_child(this.handle);
    return child === null ? null : new Child(child, this);
  }
  // Flushes, closes, and where this was the last stream of its child, waits for that.
  async close() {
    const status = [-1];
    const result = await later(C.ipc_stream_close, this, status);
    check(result, 'close', new Status(status[0]));
    return new Status(status[0]);
  }
  // Node's own stream on the descriptor, which the event loop drives from now on; `child` still has the status.
  socket() {
    const fd = check(C.ipc_stream_release(this.handle));
    const mode = parseInt(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/flags:\s*(\d+)/)[1], 8) & 3;
    return new net.Socket({ fd, readable: mode !== 1, writable: mode !== 0 });
  }
  get peer() { return text(C.ipc_stream_peer, this.handle); }
  get addr() { return text(C.ipc_stream_addr, this.handle); }
  // Waits for one of the patterns: its index.
  expect(patterns, time) { return new Expect(patterns).wait(this, time); }
  // What had arrived before the match; what matched, or a group of it.
  get before() { return this.#decoded(borrowed(C.ipc_expect_before, this.handle)); }
  match(group = 0) { return this.#decoded(borrowed(C.ipc_expect_match, this.handle, group)); }

  #decoded(data) { return data !== null && this.encoding ? data.toString(this.encoding) : data; }
}

function streams(call, ...args) {
  const outs = Array.from({ length: call === C.ipc_open3 ? 3 : 2 }, () => [null]);
  const pid = check(call(...args, ...outs));
  return [...outs.map(([handle]) => handle && new Stream(handle)), pid];
}

// Reader and writer.
function pipe() { return streams(C.ipc_pipe_new).slice(0, 2); }

// Perl's open: "cmd |", "| cmd"; or "-|" and "|-" with words or a Cmd.
function open(what, cmd) {
  const out = [null];
  check(cmd === undefined ? C.ipc_popen_open(what, out) : C.ipc_popen_start(Cmd.of(cmd).handle, what, out));
  return new Stream(out[0]);
}

function open2(cmd) {
  const [reader, writer, pid] = streams(C.ipc_open2, Cmd.of(cmd).handle);
  return { reader, writer, pid };
}

// null for a stream whose descriptor the command places itself.
function open3(cmd) {
  const [writer, reader, error, pid] = streams(C.ipc_open3, Cmd.of(cmd).handle);
  return { writer, reader, error, pid };
}

function pty(cmd, rows = 24, cols = 80) {
  const out = [null];
  check(C.ipc_pty_open(Cmd.of(cmd).handle, rows, cols, out));
  return new Stream(out[0]);
}

// Perl's backticks, with the standard error apart. At the deadline the command ends with all that it has started, and the
// error's `partial` is what came until then.
async function capture(cmd, { input, time, encoding } = {}) {
  const keep = Cmd.of(cmd), out = [null], data = input === undefined ? null : Buffer.from(input);
  const result = await later(C.ipc_capture_run, keep, data, data?.length ?? 0, limit(time), out);
  if (out[0] === null) check(result, 'capture');
  const said = {
    output: borrowed(C.ipc_capture_output, out[0]),
    errors: borrowed(C.ipc_capture_errors, out[0]),
    status: new Status(C.ipc_capture_status(out[0])),
    timedOut: C.ipc_capture_timed_out(out[0]) === 1,
    fed: Number(C.ipc_capture_fed(out[0])),
  };
  C.ipc_capture_free(out[0]);
  if (encoding) [said.output, said.errors] = [said.output.toString(encoding), said.errors.toString(encoding)];
  check(result, 'capture', said);
  return said;
}

async function waited(step, call, ...args) {
  const status = [-1];
  const pid = check(await later(call, ...args, status), step);
  return { pid, status: new Status(status[0]) };
}
const waitAny = (time) => waited('wait', C.ipc_wait_any, limit(time));
const waitPid = (pid, time) => waited('wait', C.ipc_wait_pid, pid, limit(time));

// ---- expect ----

const EOF = Symbol('eof'), TIMEOUT = Symbol('timeout');

// A list of patterns: strings, RegExps (their source, in Perl's syntax), EOF, TIMEOUT.
class Expect extends Handle {
  constructor(patterns) {
    super(C.ipc_expect_new(), C.ipc_expect_free);
    for (const pattern of patterns) {
      if (pattern === EOF) check(C.ipc_expect_eof(this.handle));
      else if (pattern === TIMEOUT) check(C.ipc_expect_timeout(this.handle));
      else if (pattern instanceof RegExp) check(C.ipc_expect_regex(this.handle, pattern.source));
      else check(C.ipc_expect_text(this.handle, Buffer.from(pattern), Buffer.byteLength(pattern)));
    }
  }

  // By the list's own limit of 30 seconds; Infinity: none.
  async wait(stream, time) {
    const left = time === undefined ? constants.PERLIPC_DEFAULT : limit(time);
    return check(await later(C.ipc_expect_wait, this, stream, left), 'expect');
  }
}

// ---- sockets ----

class Listener extends Handle {
  constructor(handle) { super(handle, C.ipc_listener_free); }
  async accept(time) {
    const out = [null];
    check(await later(C.ipc_listener_accept, this, limit(time), out), 'accept');
    return new Stream(out[0]);
  }
  get addr() { return text(C.ipc_listener_addr, this.handle); }
  get port() { return check(C.ipc_listener_port(this.handle)); }
  get fd() { return check(C.ipc_listener_fd(this.handle)); }
  cancel() { check(C.ipc_listener_cancel(this.handle)); }
}

async function tcpConnect(host, service, { time, options = null } = {}) {
  const out = [null];
  check(await later(C.ipc_tcp_connect, host, String(service), options, limit(time), out), `connect ${host}:${service}`);
  return new Stream(out[0]);
}
// `service` null: a port of the kernel's choice.
function tcpListen(host = null, service = null, options = null) {
  const out = [null];
  check(C.ipc_tcp_listen(host, service === null ? null : String(service), options, out));
  return new Listener(out[0]);
}
async function unixConnect(path, { time, options = null } = {}) {
  const out = [null];
  check(await later(C.ipc_unix_connect, path, options, limit(time), out), `connect ${path}`);
  return new Stream(out[0]);
}
function unixListen(path, options = null) {
  const out = [null];
  check(C.ipc_unix_listen(path, options, out));
  return new Listener(out[0]);
}

// ---- sem: System V semaphores, by id ----

class Sem {
  constructor(id) { this.id = id; }
  static create(values, { key = constants.PERLIPC_PRIVATE, mode = 0o600 } = {}) {
    return new Sem(check(C.ipc_sem_create(key, Int32Array.from(values), values.length, mode)));
  }
  static async open(key, values, { mode = 0o600, time } = {}) {
    return new Sem(check(await later(C.ipc_sem_open, key, Int32Array.from(values), values.length, mode, limit(time)), 'semget'));
  }
  async take(index = 0, time) { check(await later(C.ipc_sem_take, this.id, index, limit(time)), 'semop'); }
  give(index = 0) { check(C.ipc_sem_give(this.id, index)); }
  value(index = 0) { return check(C.ipc_sem_value(this.id, index)); }
  remove() { check(C.ipc_sem_remove(this.id)); }
}

// ---- signal: by name, pulled ----

const signal = {
  number: (name) => check(C.ipc_signal_number(name)),
  // null for a number that is no signal.
  name: (number) => (number > 0 ? C.ipc_signal_name(number) : null),
  queue: (name) => void check(C.ipc_signal_queue(name)),
  ignore: (name) => void check(C.ipc_signal_ignore(name)),
  default: (name) => void check(C.ipc_signal_default(name)),
  disposition: (name) => C.ipc_signal_disposition(name),
  kill: (name, pid) => void check(C.ipc_signal_kill(name, pid)),
  // The name of a queued signal that has arrived, null when time is up.
  async next(time) {
    const number = await later(C.ipc_signal_next, limit(time));
    return number === ETIMEDOUT ? null : signal.name(check(number, 'next'));
  },
  // One that has arrived already, with its sender; null when there is none.
  poll() {
    const number = C.ipc_signal_next(0);
    if (number === ETIMEDOUT) return null;
    const name = signal.name(check(number)), pid = [0], uid = [0], value = [0];
    const count = check(C.ipc_signal_sender(pid, uid, value));
    return { name, pid: pid[0], uid: uid[0], value: value[0], count };
  },
  // Calls back from the event loop with each queued signal; returns what ends that.
  watch(callback) {
    // The library's pipe under a descriptor of its own: Node closes what it is given.
    const socket = new net.Socket({ fd: fs.openSync(`/proc/self/fd/${check(C.ipc_signal_fd())}`, 'r'), writable: false });
    const pull = () => { for (let got; (got = signal.poll()) !== null;) callback(got); };
    socket.on('data', pull);
    pull();
    return () => socket.destroy();
  },
};

module.exports = {
  prototypes, constants, PerlipcError, Status, Cmd, Child, start, run, Stream, pipe, open, open2, open3, pty, capture, waitAny,
  waitPid, EOF, TIMEOUT, Expect, Listener, tcpConnect, tcpListen, unixConnect, unixListen, Sem, signal,
  version: () => C.ipc_version_string(),
};
