# frozen_string_literal: true

# Perl's interprocess communication for Ruby: libperlipc by Fiddle. See include/perlipc.h for what each call does; the
# names here are its nouns and verbs. Times are seconds, nil is no limit. Each call that waits lets other Ruby threads run,
# and lets Ruby's own signal handlers in.

require "fiddle/import"

module Perlipc
  # The functions of the library that are used here, as include/perlipc.h has them.
  module C
    extend Fiddle::Importer
    dlload "libperlipc.so.0"

    PROTOTYPES = <<~END.lines(chomp: true).freeze
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
      int32_t ipc_signal_dispatch(int32_t timeout_ms)
      int32_t ipc_signal_fd(void)
      int32_t ipc_signal_hosted(int32_t on)
      int32_t ipc_signal_kill(const char *signal, int32_t pid)
      int64_t ipc_signal_sleep(int64_t milliseconds)
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
      void ipc_cmd_free(ipc_cmd *cmd)
      int32_t ipc_wait_any(int32_t timeout_ms, int32_t *status)
      int32_t ipc_wait_pid(int32_t pid, int32_t timeout_ms, int32_t *status)
      int32_t ipc_child_pid(const ipc_child *child)
      int32_t ipc_child_fd(const ipc_child *child)
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
      int32_t ipc_capture_feed(ipc_stream *writer, const void *input, size_t len, ipc_stream *reader, ipc_stream *error, int32_t timeout_ms, ipc_capture **out)
      int64_t ipc_capture_fed(const ipc_capture *c)
      const void *ipc_capture_output(const ipc_capture *c, size_t *len)
      const void *ipc_capture_errors(const ipc_capture *c, size_t *len)
      int32_t ipc_capture_status(const ipc_capture *c)
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
    END
    PROTOTYPES.each { |prototype| extern prototype }

    # Text for C ends at the first NUL: nothing is cut without a word.
    PROTOTYPES.each do |prototype|
      name = prototype[/ipc_\w+(?=\()/]
      args = prototype[/\((.*)\)/, 1].split(", ")
      texts = args.each_index.select { |i| args[i].start_with?("const char *") && !args[i].include?("**") }
      next if texts.empty? || name == "ipc_cmd_argv"

      plain = method(name)
      define_singleton_method(name) do |*args|
        raise ArgumentError, "#{name}: a text with a NUL inside" if texts.any? { |i| args[i].is_a?(String) && args[i].include?("\0") }

        plain.call(*args)
      end
    end
  end

  # As include/perlipc.json has them.
  CONSTANTS = {
    "PERLIPC_E_HANDLER" => -10_001, "PERLIPC_E_CANCELED" => -10_002, "PERLIPC_E_CLOSED" => -10_003,
    "PERLIPC_E_BUSY" => -10_004, "PERLIPC_E_INVALID" => -10_005, "PERLIPC_E_TOO_LONG" => -10_007,
    "PERLIPC_E_STATUS" => -10_008, "PERLIPC_E_LOOKUP" => -10_020, "PERLIPC_DEFAULT" => -2, "PERLIPC_PRIVATE" => 0
  }.freeze
  CONSTANTS.each { |name, value| const_set(name.delete_prefix("PERLIPC_"), value) }

  # Ruby runs its handlers between calls: ours end with EINTR then, and are made again.
  C.ipc_signal_hosted(1)

  # What a call could not do: "exec nosuch: No such file or directory".
  class Error < StandardError
    # The result of the C function; its name ("ENOENT", "PERLIPC_E_BUSY"); what was done to what.
    attr_reader :code, :step, :path

    def initialize(code)
      @code = code
      last = C.ipc_error_last_code == code
      @step = last ? C.ipc_error_last_step.to_s : ""
      @path = last ? C.ipc_error_last_path.to_s : ""
      super((last ? C.ipc_error_last_text : C.ipc_error_text(code)).to_s)
    end

    def name = C.ipc_error_name(@code).to_s
    def errno = C.ipc_error_errno(@code)
  end

  # An Error of a call that waits for a child or keeps what it says: the status, or the Capture, that came all the same.
  class Unfinished < Error
    attr_reader :partial

    def initialize(code, partial)
      @partial = partial
      super(code)
    end
  end

  # The tricks that all of this file uses.
  module Call # :nodoc:
    EINTR = -Errno::EINTR::Errno
    ERANGE = -Errno::ERANGE::Errno

    module_function

    def check(result) = result.negative? ? raise(Error.new(result)) : result

    # Makes the call until it is not Ruby's own handler that has ended it; with the milliseconds that are left.
    def wait(seconds = nil)
      ends = seconds && Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      loop do
        left = ends ? [ends - Process.clock_gettime(Process::CLOCK_MONOTONIC), 0].max : -1
        result = yield(ends ? (left * 1000).ceil : -1)
        return result if result != EINTR
      end
    end

    # Ends the child if the block does not come to its end; at a deadline tells how it ended, and what it said.
    def ending(child, said = nil, rest = -> {})
      yield
    rescue Exception => error # rubocop:disable Lint/RescueException -- Interrupt too
      status = child.end
      raise unless error.is_a?(Error) && error.code == -Errno::ETIMEDOUT::Errno

      rest.call
      said&.status = status
      raise Unfinished.new(error.code, said || status)
    end

    def milliseconds(seconds) = seconds ? (seconds * 1000).ceil : -1

    # Room for a pointer or number that the library sets.
    def out = "\0".b * 8
    def address(out) = out.unpack1("J")
    def int(out) = out.unpack1("l")

    # A handle that the garbage collector frees if nobody else has.
    def handle(address, noun) = Fiddle::Pointer.new(address, 0, C["ipc_#{noun}_free"])

    def text
      room = "\0".b * 256
      room = "\0".b * (room.bytesize * 8) while (length = yield(room, room.bytesize)) == ERANGE && room.bytesize < 1 << 26
      room[0, check(length)].force_encoding(Encoding::UTF_8)
    end

    def borrowed
      length = out
      data = yield(length)
      data.null? ? nil : data[0, length.unpack1("J")].force_encoding(Encoding.default_external)
    end

    # The handle that a call gives; nil where it gives none.
    def handle_of(out, noun) = address(out).zero? ? nil : handle(address(out), noun)

    def given(noun, seconds = nil)
      room = out
      check(wait(seconds) { |left| yield(room, left) })
      handle_of(room, noun)
    end
  end

  # How a child ended: $? as waitpid gives it, nil where nobody can know.
  class Status
    attr_reader :native

    def initialize(native) = @native = native == -1 ? nil : native
    def known? = !@native.nil?
    def success? = @native&.zero?
    # The exit code, nil when it did not exit.
    def code = (code = C.ipc_status_code(number)) && (code unless code.negative?)
    # The number of the signal that killed it, nil when none did.
    def signal = (signal = C.ipc_status_signal(number)).zero? ? nil : signal
    def to_s = Call.text { |room, size| C.ipc_status_text(number, room, size) }
    def ==(other) = other.is_a?(Status) && other.native == @native

    private

    def number = @native || -1
  end

  # What to run: words, without a shell.
  class Cmd
    attr_reader :handle

    # `env` values nil take a variable away; `redirect` is by descriptor: a word of ipc_cmd_redirect, or an IO.
    def initialize(*words, shell: nil, env: {}, clear_env: false, dir: nil, redirect: {}, grace: nil, **options)
      @handle = Call.handle((shell ? C.ipc_cmd_shell(shell) : argv(words)).to_i, "cmd")
      C.ipc_cmd_env_clear(@handle) if clear_env
      env.each { |name, value| C.ipc_cmd_env(@handle, name, value) }
      C.ipc_cmd_dir(@handle, dir) if dir
      redirect.each do |fd, to|
        to.respond_to?(:fileno) ? C.ipc_cmd_pass(@handle, fd, to.fileno) : C.ipc_cmd_redirect(@handle, fd, to)
      end
      options.each { |name, value| C.ipc_cmd_option(@handle, name.to_s, value.to_s) }
      C.ipc_cmd_grace(@handle, Call.milliseconds(grace)) if grace
    end

    # A command string by Perl's rule: with a shell only where it needs one.
    def self.shell(command, **options) = new(shell: command, **options)

    # A Cmd, a list of words, or a command string.
    def self.[](what)
      case what
      when Cmd then what
      when Array then new(*what)
      else shell(what)
      end
    end

    def start
      child = Call.given("child") { |out| C.ipc_cmd_start(@handle, out) }
      Child.new(child)
    end

    # Runs it and waits: its Status. When time is up, or a handler raises, it ends with all that it has started.
    def run(timeout: nil)
      child = start
      Call.ending(child) { child.wait(timeout) }
    end

    private

    def argv(words)
      raise ArgumentError, "a word with a NUL inside" if words.any? { |word| word.to_s.include?("\0") }

      strings = words.map { |word| Fiddle::Pointer["#{word}\0"] }
      C.ipc_cmd_argv(strings.map(&:to_i).push(0).pack("J*"))
    end
  end

  # A process that this one started. `owner` is the stream that it belongs to, if any.
  class Child
    def initialize(handle, owner = nil)
      @handle = handle
      @owner = owner
    end

    def pid = Call.check(C.ipc_child_pid(@handle))
    # Its pidfd, readable when it has ended.
    def fileno = Call.check(C.ipc_child_fd(@handle))

    def wait(timeout = nil)
      status = Call.out
      Call.check(Call.wait(timeout) { |left| C.ipc_child_wait(@handle, left, status) })
      Status.new(Call.int(status))
    end

    def kill(signal = "TERM") = Call.check(C.ipc_child_kill(@handle, signal.to_s))

    # TERM to its tree, `grace` seconds to go, then KILL.
    def end(grace = 1)
      status = Call.out
      Call.check(Call.wait(grace) { |left| C.ipc_child_end(@handle, left, status) })
      Status.new(Call.int(status))
    end
  end

  # Perl's filehandle: a pipe's end, a child's output or input, a connected socket, a pty.
  class Stream
    include Enumerable
    attr_reader :handle

    def initialize(handle) = @handle = handle

    # Takes a descriptor over.
    def self.adopt(fd) = new(Call.given("stream") { |out| C.ipc_stream_adopt(fd, out) })

    # What is there, at most `size` bytes; nil at the end.
    def readpartial(size = 65_536)
      room = "\0".b * size
      length = Call.check(Call.wait { C.ipc_stream_read(@handle, room, size) })
      length.zero? ? nil : room[0, length]
    end

    # The next record with its separator; nil at the end.
    def gets
      line = Call.out
      length = Call.check(Call.wait { C.ipc_stream_readline(@handle, line) })
      return if length.zero?

      Fiddle::Pointer.new(Call.address(line))[0, length].force_encoding(Encoding.default_external)
    end

    def each
      return enum_for unless block_given?

      while (line = gets) do yield line end
      self
    end

    # All that is left.
    def read
      all = "".b
      while (piece = readpartial) do all << piece end
      all.force_encoding(Encoding.default_external)
    end

    def write(data)
      data = data.to_s
      result = C.ipc_stream_write(@handle, data, data.bytesize)
      # What was not written when a handler came in between is in the stream.
      result = Call.wait { C.ipc_stream_flush(@handle) } if result == Call::EINTR
      Call.check(result)
      data.bytesize
    end

    def <<(data) = tap { write(data) }
    def puts(line) = write(line.to_s.chomp + "\n")
    def flush = tap { Call.check(Call.wait { C.ipc_stream_flush(@handle) }) }
    def autoflush=(on)
      Call.check(C.ipc_stream_autoflush(@handle, on ? 1 : 0))
    end
    # What ends a record; "" means paragraphs, nil the whole input.
    def separator=(bytes)
      Call.check(bytes ? C.ipc_stream_separator(@handle, bytes, bytes.bytesize) : C.ipc_stream_record(@handle, 0))
    end
    # The limit of each call, in seconds.
    def timeout=(seconds)
      Call.check(C.ipc_stream_timeout(@handle, Call.milliseconds(seconds)))
    end
    # The limit of all calls together, from now on.
    def deadline=(seconds)
      Call.check(C.ipc_stream_deadline(@handle, Call.milliseconds(seconds)))
    end
    def eof? = Call.check(Call.wait { C.ipc_stream_eof(@handle) }) == 1
    def shutdown = Call.check(Call.wait { C.ipc_stream_shutdown(@handle) })
    # Ends the call of another thread, and all later ones that would have to wait.
    def cancel = Call.check(C.ipc_stream_cancel(@handle))
    def fileno = Call.check(C.ipc_stream_fd(@handle))
    # The descriptor, which is the caller's from now on.
    def release = Call.check(C.ipc_stream_release(@handle))

    # The child that it carries, nil when it carries none.
    def child
      child = C.ipc_stream_child(@handle)
      Child.new(child, self) unless child.null?
    end

    # Flushes, closes, and where this was the last stream of its child, waits for that.
    def close
      status = Call.out
      result = Call.wait { C.ipc_stream_close(@handle, status) }
      raise Unfinished.new(result, Status.new(Call.int(status))) if result.negative?

      Status.new(Call.int(status))
    end

    def peer = Call.text { |room, size| C.ipc_stream_peer(@handle, room, size) }
    def addr = Call.text { |room, size| C.ipc_stream_addr(@handle, room, size) }

    # Waits for one of the patterns: Strings, Regexps, :eof, :timeout. Its index; see before and match.
    def expect(*patterns, timeout: :default) = Expect.new(*patterns).wait(self, timeout)
    # What had arrived before the match; what matched, or a group of it.
    def before = Call.borrowed { |length| C.ipc_expect_before(@handle, length) }
    def match(group = 0) = Call.borrowed { |length| C.ipc_expect_match(@handle, group, length) }
  end

  # A list of patterns, built once for many waits.
  class Expect
    def initialize(*patterns)
      @handle = Call.handle(C.ipc_expect_new.to_i, "expect")
      patterns.each do |pattern|
        Call.check(
          case pattern
          when :eof then C.ipc_expect_eof(@handle)
          when :timeout then C.ipc_expect_timeout(@handle)
          when Regexp then C.ipc_expect_regex(@handle, pattern.source)
          else C.ipc_expect_text(@handle, pattern.to_s, pattern.to_s.bytesize)
          end
        )
      end
    end

    # The index of the pattern that was found.
    def wait(stream, timeout = :default)
      return Call.check(Call.wait { C.ipc_expect_wait(@handle, stream.handle, DEFAULT) }) if timeout == :default

      Call.check(Call.wait(timeout) { |left| C.ipc_expect_wait(@handle, stream.handle, left) })
    end
  end

  # What a finished child said, and how it ended.
  Capture = Struct.new(:output, :errors, :status)

  # A socket that others connect to.
  class Listener
    def initialize(handle) = @handle = handle

    def accept(timeout = nil)
      Stream.new(Call.given("stream", timeout) { |out, left| C.ipc_listener_accept(@handle, left, out) })
    end

    def addr = Call.text { |room, size| C.ipc_listener_addr(@handle, room, size) }
    def port = Call.check(C.ipc_listener_port(@handle))
    def fileno = Call.check(C.ipc_listener_fd(@handle))
    def cancel = Call.check(C.ipc_listener_cancel(@handle))
  end

  # A set of System V semaphores, by id.
  class Sem
    attr_reader :id

    def initialize(id) = @id = id
    def self.create(values, key: PRIVATE, mode: 0o600) = new(Call.check(C.ipc_sem_create(key, values.pack("l*"), values.size, mode)))

    def self.open(key, values, mode: 0o600, timeout: nil)
      new(Call.check(Call.wait(timeout) { |left| C.ipc_sem_open(key, values.pack("l*"), values.size, mode, left) }))
    end

    def take(index = 0, timeout: nil) = Call.check(Call.wait(timeout) { |left| C.ipc_sem_take(@id, index, left) })
    def give(index = 0) = Call.check(C.ipc_sem_give(@id, index))
    def value(index = 0) = Call.check(C.ipc_sem_value(@id, index))
    def remove = Call.check(C.ipc_sem_remove(@id))
  end

  # Signals by name, pulled: Ruby's own handlers are Signal.trap's.
  module Signal
    module_function

    def number(name) = Call.check(C.ipc_signal_number(name.to_s))
    def name(number) = (name = C.ipc_signal_name(number)).null? ? nil : name.to_s
    # Keeps a signal for `next`; `ignore` and `default` end that.
    def queue(name) = Call.check(C.ipc_signal_queue(name.to_s))
    def ignore(name) = Call.check(C.ipc_signal_ignore(name.to_s))
    def default(name) = Call.check(C.ipc_signal_default(name.to_s))
    def disposition(name) = C.ipc_signal_disposition(name.to_s).to_s
    # Readable when a queued signal is there: for event loops, as IO.for_fd(fd, autoclose: false).
    def fileno = Call.check(C.ipc_signal_fd)
    def kill(name, pid) = Call.check(C.ipc_signal_kill(name.to_s, pid))

    # The name of a queued signal that has arrived, nil when time is up.
    def next(timeout = nil)
      number = Call.wait(timeout) { |left| C.ipc_signal_next(left) }
      number == -Errno::ETIMEDOUT::Errno ? nil : name(Call.check(number))
    end

    # Who sent what `next` gave last: pid, uid, the value that was queued, and how often it came.
    def sender
      pid, uid, value = Call.out, Call.out, Call.out
      count = Call.check(C.ipc_signal_sender(pid, uid, value))
      { pid: Call.int(pid), uid: uid.unpack1("L"), value: value.unpack1("q"), count: count }
    end

    def sleep(seconds)
      ends = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      Call.wait(seconds) { |left| C.ipc_signal_sleep(left) }
      [ends - Process.clock_gettime(Process::CLOCK_MONOTONIC), 0].max
    end
  end

  module_function

  def version = C.ipc_version_string.to_s

  # Perl's open: "cmd |", "| cmd"; or "-|" and "|-" with a list of words or a Cmd. With a block, it is closed at its end.
  def open(what, cmd = nil)
    stream = Stream.new(Call.given("stream") do |out|
      cmd ? C.ipc_popen_start(Cmd[cmd].handle, what, out) : C.ipc_popen_open(what, out)
    end)
    return stream unless block_given?

    begin
      yield stream
    ensure
      stream.close
    end
  end

  # Reader and writer, and the pid.
  def open2(cmd)
    reader, writer = Call.out, Call.out
    pid = Call.check(C.ipc_open2(Cmd[cmd].handle, reader, writer))
    [*[reader, writer].map { |out| Stream.new(Call.handle_of(out, "stream")) }, pid]
  end

  # Writer, reader and error stream, and the pid.
  def open3(cmd)
    outs = Array.new(3) { Call.out }
    pid = Call.check(C.ipc_open3(Cmd[cmd].handle, *outs))
    # A descriptor that the command places itself has no stream.
    [*outs.map { |out| (handle = Call.handle_of(out, "stream")) && Stream.new(handle) }, pid]
  end

  # A command on a new terminal.
  def pty(cmd, rows: 24, cols: 80) = Stream.new(Call.given("stream") { |out| C.ipc_pty_open(Cmd[cmd].handle, rows, cols, out) })

  # Perl's backticks, with the standard error apart: feeds `input` to the command and keeps all that it says, without a
  # deadlock. When time is up, or a handler raises, the command ends with all that it has started; Unfinished then has what
  # came.
  def capture(cmd, input = "", timeout: nil)
    writer, reader, error, = open3(cmd)
    said = Capture.new(+"", +"", Status.new(-1))
    child = reader.child
    hear = lambda do |left|
      out = Call.out
      result = C.ipc_capture_feed(writer.handle, input, input.bytesize, reader.handle, error.handle, left, out)
      next result unless (handle = Call.handle_of(out, "capture"))

      said.output << Call.borrowed { |length| C.ipc_capture_output(handle, length) }
      said.errors << Call.borrowed { |length| C.ipc_capture_errors(handle, length) }
      said.status = Status.new(C.ipc_capture_status(handle))
      input = input.byteslice(C.ipc_capture_fed(handle)..)
      result
    end
    Call.ending(child, said, -> { hear.call(0) }) { Call.check(Call.wait(timeout, &hear)) }
    said
  end

  # Reader and writer of a pipe.
  def pipe
    reader, writer = Call.out, Call.out
    Call.check(C.ipc_pipe_new(reader, writer))
    [reader, writer].map { |out| Stream.new(Call.handle_of(out, "stream")) }
  end

  def wait_any(timeout = nil)
    status = Call.out
    pid = Call.check(Call.wait(timeout) { |left| C.ipc_wait_any(left, status) })
    [pid, Status.new(Call.int(status))]
  end

  def wait_pid(pid, timeout = nil)
    status = Call.out
    pid = Call.check(Call.wait(timeout) { |left| C.ipc_wait_pid(pid, left, status) })
    [pid, Status.new(Call.int(status))]
  end

  def tcp_connect(host, service, timeout: nil, options: nil)
    Stream.new(Call.given("stream", timeout) { |out, left| C.ipc_tcp_connect(host, service.to_s, options, left, out) })
  end

  # `service` nil: a port of the kernel's choice.
  def tcp_listen(host = nil, service = nil, options: nil)
    Listener.new(Call.given("listener") { |out| C.ipc_tcp_listen(host, service&.to_s, options, out) })
  end

  def unix_connect(path, timeout: nil, options: nil)
    Stream.new(Call.given("stream", timeout) { |out, left| C.ipc_unix_connect(path, options, left, out) })
  end

  def unix_listen(path, options: nil) = Listener.new(Call.given("listener") { |out| C.ipc_unix_listen(path, options, out) })
end
