# frozen_string_literal: true

# The Ruby binding: each noun once, its declarations against include/perlipc.json, and what Ruby's runtime adds.
require "json"
require "minitest"
require "perlipc"

class PerlipcTest < Minitest::Test
  def fails(code)
    error = assert_raises(Perlipc::Error) { yield }
    assert_equal code, error.name
    error
  end

  def test_declarations
    surface = JSON.parse(File.read(File.expand_path("../../include/perlipc.json", __dir__)))
    Perlipc::CONSTANTS.each { |name, value| assert_equal surface["constants"][name], value, name }
    prototypes = surface["functions"].to_h do |function|
      args = function["args"].map { |arg| "#{arg['type']} #{arg['name']}" }.join(", ")
      [function["name"], "#{function['returns']} #{function['name']}(#{args.empty? ? 'void' : args})".gsub("* ", "*")]
    end
    Perlipc::C::PROTOTYPES.each { |prototype| assert_equal prototypes[prototype[/ipc_\w+(?=\()/]], prototype.gsub("* ", "*") }
  end

  def test_errors
    error = fails("ENOENT") { Perlipc.open2(["/no/such/program"]) }
    assert_equal ["exec /no/such/program: No such file or directory", "exec", "/no/such/program", Errno::ENOENT::Errno],
                 [error.message, error.step, error.path, error.errno]
    fails("PERLIPC_E_INVALID") { Perlipc.open("no bar") }
    fails("ENOENT") { Perlipc::Cmd.new("true", dir: "/no/such").start }
    assert_raises(ArgumentError) { Perlipc.open("-|", ["echo", "a\0b"]) } # never cut without a word
    assert_raises(ArgumentError) { Perlipc.open("echo a\0b |") }
    assert_equal Perlipc::E_INVALID, fails("PERLIPC_E_INVALID") { Perlipc::Signal.number("NONE") }.code
  end

  def test_signals
    Perlipc::Signal.queue("USR2")
    assert_nil Perlipc::Signal.next(0)
    Perlipc::Signal.kill("USR2", Process.pid)
    assert_equal "USR2", Perlipc::Signal.next(10)
    assert_equal({ pid: Process.pid, uid: Process.uid, value: 0, count: 1 }, Perlipc::Signal.sender)
    assert_equal "QUEUE", Perlipc::Signal.disposition("USR2")
    Perlipc::Signal.default("USR2")
    assert_equal 15, Perlipc::Signal.number("SIGTERM")
  end

  # A trap of Ruby's that raises nothing: the call goes on.
  def test_traps_run_inside_calls
    ran = 0
    old = trap("USR1") { ran += 1 }
    assert_equal "on\n", Perlipc.capture("kill -USR1 #{Process.pid}; sleep 0.1; echo on").output
    reader = Perlipc.open("kill -USR1 #{Process.pid}; sleep 0.1; echo on |")
    assert_equal "on\n", reader.gets
    assert_predicate reader.close, :success?
    assert_equal 2, ran
  ensure
    trap("USR1", old)
  end

  def test_popen
    stream = Perlipc.open("printf 'one\\ntwo\\n'; exit 3 |")
    assert_equal %W[one\n two\n], stream.to_a
    status = stream.close
    assert_equal [3, nil, "exited with 3", false], [status.code, status.signal, status.to_s, status.success?]
    assert_equal "$HOME;\n", Perlipc.open("-|", ["echo", "$HOME;"], &:read)
    stream = Perlipc.open("|-", ["sh", "-c", "read x; [ $x = hello ]"])
    stream.puts("hello")
    assert_predicate stream.close, :success?
    reader, writer = Perlipc.pipe
    reader.separator = ":"
    writer << "a:b:ü"
    writer.close
    assert_equal ["a:", "b:", "ü"], reader.to_a
    assert_equal "killed by TERM", Perlipc::Cmd.shell("kill $$").run.to_s
  end

  def test_open2
    reader, writer, pid = Perlipc.open2(%w[cat -u])
    assert_equal reader.child.pid, pid
    10.times do
      writer << "stuff\n"
      assert_equal "stuff\n", reader.gets
    end
    reader.timeout = 0.02
    fails("ETIMEDOUT") { reader.gets }
    reader.timeout = nil
    writer.close
    assert_equal "exited with 0", reader.close.to_s
    _, reader, error = Perlipc.open3(["sh", "-c", "echo out; echo err >&2"])
    assert_equal %W[out\n err\n], [reader.read, error.read]
  end

  def test_capture
    said = Perlipc.capture(["sh", "-c", "tr a-z A-Z; echo no >&2; exit 4"], "loud\n" * 100_000)
    assert_equal ["LOUD\n" * 100_000, "no\n", 4], [said.output, said.errors, said.status.code]
    error = [0.2, 0.8, 3.2, 12.8].lazy.map do |limit| # as much time as it needs
      assert_raises(Perlipc::Unfinished) { Perlipc.capture("echo begun; exec sleep 60", timeout: limit) }
    end.find { |unfinished| unfinished.partial.output != "" }
    assert_equal ["ETIMEDOUT", "begun\n", "killed by TERM"], [error.name, error.partial.output, error.partial.status.to_s]
    error = assert_raises(Perlipc::Unfinished) { Perlipc::Cmd.new("sleep", "60").run(timeout: 0.02) }
    assert_equal "killed by TERM", error.partial.to_s
    assert_equal "hello\n/\n", Perlipc.capture(Perlipc::Cmd.shell("echo $A; pwd", env: { "A" => "hello" }, dir: "/")).output
  end

  def test_expect
    shell = Perlipc.pty(["sh", "-c", "while read x; do echo \"got $x.\"; done"])
    shell << "6*7\nsix\n"
    assert_equal 1, shell.expect("nothing", /got (\w+)\./, timeout: 10)
    assert_equal ["got 6*7.\n", "got six.", "six"], [shell.before, shell.match, shell.match(1)]
    fails("ETIMEDOUT") { shell.expect("nothing", timeout: 0.01) }
    assert_equal 1, shell.expect("nothing", :timeout, timeout: 0.01)
    shell << "\x04"
    assert_equal 0, shell.expect(:eof)
    assert_predicate shell.close, :success?
  end

  def test_tcp
    listener = Perlipc.tcp_listen("127.0.0.1")
    client = Perlipc.tcp_connect("127.0.0.1", listener.port, timeout: 10)
    server = listener.accept(10)
    assert_equal [client.addr, "127.0.0.1:#{listener.port}"], [server.peer, listener.addr]
    client.puts("question")
    client.shutdown
    assert_equal "question\n", server.read
    server << "answer"
    server.close
    assert_equal "answer", client.read
    fails("ETIMEDOUT") { listener.accept(0.01) }
  end

  def test_sem
    sem = Perlipc::Sem.create([1])
    sem.take
    fails("ETIMEDOUT") { sem.take(timeout: 0.01) }
    sem.give
    assert_equal 1, sem.value
    sem.remove
    fails("EINVAL") { sem.value }
  end

  # A call that waits lets other threads run, and one of them can end it.
  def test_threads
    reader, writer = Perlipc.pipe
    waiting = Thread.new { assert_raises(Perlipc::Error) { reader.gets }.name }
    Thread.pass until waiting.status == "sleep"
    reader.cancel
    assert_equal "PERLIPC_E_CANCELED", waiting.value
    assert_predicate writer.fileno, :positive?
  end

  # The descriptors of streams, children and signals in Ruby's own select.
  def test_select
    reader, writer, = Perlipc.open2(["sh", "-c", "read x; echo $x"])
    Perlipc::Signal.queue("USR2")
    ios = [reader.fileno, reader.child.fileno, Perlipc::Signal.fileno].map { |fd| IO.for_fd(fd, autoclose: false) }
    assert_nil IO.select(ios, nil, nil, 0)
    Perlipc::Signal.kill("USR2", Process.pid)
    assert_equal [ios[2]], IO.select(ios, nil, nil, 10)[0]
    assert_equal "USR2", Perlipc::Signal.next(0)
    writer.puts("here")
    writer.close
    assert_includes IO.select(ios, nil, nil, 10)[0], ios[0]
    assert_equal "here\n", reader.gets
    assert_equal [ios[1]], IO.select([ios[1]], nil, nil, 10)[0]
    assert_predicate reader.close, :success?
  ensure
    Perlipc::Signal.default("USR2")
  end
end

# One line a check, and a last one that counts.
class Lines < Minitest::StatisticsReporter
  def record(result)
    super
    puts result.passed? ? "ruby: #{result.name.delete_prefix('test_')}" : "FAILED ruby: #{result}"
  end

  def report
    super
    puts "ruby: #{count - failures - errors} passed, #{failures + errors} failed, #{skips} skipped"
  end
end

lines = Lines.new($stdout)
lines.start
Minitest::Test.runnables.each { |tests| tests.run(lines, {}) }
lines.report
exit lines.passed?
