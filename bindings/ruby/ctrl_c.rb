# frozen_string_literal: true

# Blocks in the call that is named until Ctrl-C has reached Ruby's own handler: see tests/ctrl_c.
require "perlipc"

idle = -> { Perlipc::Cmd.new("sleep", "60", die_with_parent: "KILL") }
silent = Perlipc.pipe
calls = {
  "gets" => -> { silent[0].gets },
  "read" => -> { silent[0].read },
  "eof" => -> { silent[0].eof? },
  "write" => -> { silent[1].write("x" * (1 << 20)) },
  "close" => -> { Perlipc.open("-|", idle.call).close },
  "wait" => -> { idle.call.start.wait },
  "wait_any" => -> { child = idle.call.start and Perlipc.wait_any and child },
  "wait_pid" => -> { Perlipc.wait_pid(idle.call.start.pid) },
  "run" => -> { idle.call.run },
  "capture" => -> { Perlipc.capture(idle.call) },
  "expect" => -> { silent[0].expect("never", timeout: nil) },
  "accept" => -> { Perlipc.tcp_listen("127.0.0.1").accept },
  "connect" => lambda {
    name = "@perlipc-ruby-#{Process.pid}"
    listener = Perlipc.unix_listen(name, options: "backlog=0")
    [listener, Perlipc.unix_connect(name), Perlipc.unix_connect(name)]
  },
  "sem" => lambda {
    sem = Perlipc::Sem.create([0])
    begin
      sem.take
    ensure
      sem.remove
    end
  },
  "sleep" => -> { Perlipc::Signal.sleep(60) },
  "next" => -> { Perlipc::Signal.queue("USR1") and Perlipc::Signal.next }
}
if ARGV.empty?
  puts calls.keys
else
  begin
    $stdout.sync = true
    puts "ready"
    calls.fetch(ARGV[0]).call
  rescue Interrupt
    puts "interrupted"
  end
end
