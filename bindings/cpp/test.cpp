// perlipc.hpp: each noun once, and what the header adds of its own.
#include "check.h"

#include "perlipc.hpp"

#include <fstream>
#include <sstream>
#include <thread>

namespace ipc = perlipc;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Strings that must be equal.
#define SAYS(is, want) do { \
        std::string is_ = (is), want_ = (want); \
        if (is_ != want_) check_fail(__FILE__, __LINE__, #is, is_.c_str(), want_.c_str()); \
    } while (0)

// What a call throws, and its code.
#define THROWS(Kind, result_, ...) do { \
        bool thrown_ = false; \
        try { __VA_ARGS__; } catch (const Kind &error) { thrown_ = true; SAME(error.result(), result_); } \
        if (!thrown_) check_fail(__FILE__, __LINE__, #__VA_ARGS__ " throws", nullptr, nullptr); \
    } while (0)

static std::string contents(const std::string &path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(version) {
    SAME(ipc::version(), PERLIPC_VERSION);
    SAYS(ipc::version_string(), std::to_string(PERLIPC_VERSION_MAJOR) + "." + std::to_string(PERLIPC_VERSION_MINOR) + "." +
                                    std::to_string(PERLIPC_VERSION_PATCH));
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::version_has("no such feature"));
}

TEST(errors) {
    try {
        ipc::Cmd({"/no/such/program", "x"}).start();
        CHECK(!"started");
    } catch (const std::system_error &error) {
        CHECK(error.code() == std::errc::no_such_file_or_directory);
        SAYS(error.what(), "exec /no/such/program: No such file or directory");
    }
    try {
        ipc::Cmd cmd("true");
        cmd.dir("/no/such/dir").run();
        CHECK(!"run");
    } catch (const ipc::Error &error) {
        ipc::Error copy = error;
        ipc_signal_number("no such signal"); // another failure in between
        SAYS(copy.name(), "ENOENT");
        SAYS(copy.step(), "chdir");
        SAYS(copy.path(), "/no/such/dir");
        CHECK(!copy.by_limit());
    }
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::open("no bar"));
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::Stream().flush());
    SAYS(ipc::Error(-ENOENT).what(), ipc_error_text(-ENOENT));
    std::string nul("a\0b", 3); // never cut without a word
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::Cmd({"echo", nul}));
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::open(nul + "|"));
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::tcp_listen(nul, "0"));
}

TEST(status) {
    ipc::Status three = ipc::Cmd::shell("exit 3;").run();
    CHECK(!three.ok() && three.known() && three.exited());
    SAME(three.code(), 3);
    SAME(three.shell(), 3);
    SAYS(three.text(), "exited with 3");
    ipc::Status killed = ipc::Cmd::shell("kill -TERM $$").run();
    SAME(killed.signal(), SIGTERM);
    SAYS(killed.text(), "killed by TERM");
    CHECK(!killed.exited() && !killed.core() && killed.stopped() == 0);
    THROWS(ipc::Error, PERLIPC_E_STATUS, killed.code());
    CHECK(!ipc::Status().known() && !ipc::Status().ok());
    CHECK(ipc::Status(0).ok() && ipc::Status(0) != three);
}

TEST(commands) {
    ipc::Cmd cmd{"sh", "-c", "echo $GREETING; pwd; echo $0 >&2"};
    cmd.env("GREETING", "hello").dir("/").redirect(2, "&1").option("umask", "027").arg("zero");
    SAYS(ipc::capture(cmd).output(), "hello\n/\nzero\n");
    cmd.option("no such option", "1");
    THROWS(ipc::Error, PERLIPC_E_INVALID, cmd.start());
    ipc::Cmd slow{"sleep", "60"};
    slow.grace(milliseconds(0));
    try {
        slow.run(milliseconds(20));
        CHECK(!"in time");
    } catch (const ipc::StatusError &error) {
        SAME(error.result(), -ETIMEDOUT);
        SAME(error.status().signal(), SIGKILL);
    }
}

TEST(children) {
    ipc::Child child = ipc::Cmd{"sleep", "60"}.start();
    CHECK(child.pid() > 0 && child.fd() > 2);
    THROWS(ipc::StatusError, -ETIMEDOUT, child.wait(milliseconds(0)));
    child.kill("KILL");
    SAME(child.wait().signal(), SIGKILL);
    THROWS(ipc::Error, -ESRCH, child.kill());
    child = ipc::Cmd{"true"}.start();
    ipc::Reaped reaped = ipc::wait_any(seconds(10));
    SAME(reaped.pid, child.pid());
    CHECK(reaped.status.ok() && child.wait().ok());
    ipc::Child forked = ipc::fork();
    if (!forked) _exit(7);
    SAME(ipc::wait_pid(forked.pid()).status.code(), 7);
    child = ipc::Cmd{"sleep", "60"}.start();
    SAME(child.end(seconds(1)).signal(), SIGTERM);
    ipc::Stream over = ipc::Stream::adopt(child.exit_fd());
    SAYS(over.read(1), "");
}

TEST(popen) {
    std::string line, all;
    ipc::Stream reader = ipc::open("printf 'one\\ntwo\\n'; exit 3 |");
    CHECK(reader.getline(line));
    SAYS(line, "one\n");
    for (const std::string &rest : reader.lines()) all += rest;
    SAYS(all, "two\n");
    SAME(reader.close().code(), 3);
    std::string path = in_room("written");
    ipc::Stream writer = ipc::open("| cat > " + path);
    writer.write("to the ").write("command\n");
    CHECK(writer.child().pid() > 0);
    CHECK(writer.close().ok());
    SAYS(contents(path), "to the command\n");
    reader = ipc::open("-|", {"echo", "$HOME;"});
    SAYS(reader.slurp(), "$HOME;\n");
    CHECK(reader.close().ok());
}

TEST(streams) {
    ipc::Pipe pipe = ipc::pipe();
    pipe.writer.write("a:b:").write("four", 4).write("rest");
    pipe.reader.separator(":");
    std::string record;
    CHECK(pipe.reader.getline(record));
    SAYS(record, "a:");
    SAYS(pipe.reader.read(2), "b:");
    pipe.reader.record(4);
    CHECK(pipe.reader.getline(record));
    SAYS(record, "four");
    pipe.reader.timeout(milliseconds(20));
    pipe.reader.record(9);
    THROWS(ipc::Error, -ETIMEDOUT, pipe.reader.getline(record));
    CHECK(ipc::Error(-ETIMEDOUT).by_limit());
    pipe.reader.timeout(ipc::forever);
    pipe.writer.close();
    SAYS(pipe.reader.slurp(), "rest");
    CHECK(pipe.reader.eof());
    ipc::Pipe other = ipc::pipe();
    std::thread reader([&] { THROWS(ipc::Error, PERLIPC_E_CANCELED, other.reader.read(1)); });
    other.reader.cancel();
    reader.join();
    int fd = other.writer.release();
    CHECK(fd > 2 && close(fd) == 0);
}

TEST(open2_open3) {
    ipc::Talk kid = ipc::open2({"cat", "-u"});
    std::string line;
    for (int i = 0; i < 10; i++) {
        kid.writer.write("stuff\n");
        CHECK(kid.reader.getline(line));
        SAYS(line, "stuff\n");
    }
    kid.writer.close();
    CHECK(kid.reader.close().ok());
    ipc::Talk loud = ipc::open3({"sh", "-c", "cat; echo no >&2; exit 4"});
    ipc::Capture said = ipc::feed(loud, "yes\n", seconds(10));
    SAYS(said.output(), "yes\n");
    SAYS(said.errors(), "no\n");
    SAME(said.status().code(), 4);
    ipc::Talk both = ipc::open3({"sh", "-c", "echo out; echo no >&2"}, false);
    CHECK(!both.error);
    both.writer.close();
    SAYS(both.reader.slurp(), "out\nno\n");
    CHECK(both.reader.close().ok());
    ipc::Talk pieces = ipc::open3({"sh", "-c", "cat; echo no >&2"});
    std::string heard[3];
    CHECK(ipc::feed_each(pieces, "yes\n", [&](int fd, const char *data, size_t len) {
        heard[fd].append(data, len);
        return true;
    }));
    SAYS(heard[1] + heard[2], "yes\nno\n");
    pieces.error.close();
    CHECK(pieces.reader.close().ok());
    ipc::Talk thrower = ipc::open2({"cat"});
    try {
        ipc::feed_each(thrower, "x", [](int, const char *, size_t) -> bool { throw 42; });
        CHECK(!"thrown");
    } catch (int what) {
        SAME(what, 42);
    }
    ipc::Status end = thrower.reader.child().end();
    CHECK(end.ok() || end.signal() == SIGTERM);
}

TEST(captures) {
    ipc::Capture said = ipc::capture({"tr", "a-z", "A-Z"}, std::string("loud\n"));
    SAYS(said.output(), "LOUD\n");
    CHECK(said.status().ok() && !said.timed_out());
    SAME(said.fed(), 5);
    ipc::Cmd slow{"sh", "-c", "echo begun; sleep 60"};
    slow.grace(milliseconds(0));
    bool begun = false;
    for (int ms = 200; ms < 20000 && !begun; ms *= 4) // as much time as it needs
        try {
            ipc::capture(slow, milliseconds(ms));
            CHECK(!"in time");
        } catch (const ipc::CaptureError &error) {
            SAME(error.result(), -ETIMEDOUT);
            begun = error.capture().output() == "begun\n";
            CHECK(error.capture().timed_out());
        }
    CHECK(begun);
    try {
        ipc::capture(ipc::Cmd("/no/such/program"));
        CHECK(!"started");
    } catch (const ipc::CaptureError &error) {
        CHECK(!error.capture());
    }
    ipc::Cmd words{"sh", "-c", "cat; exit 2"}, sort{"sort"};
    std::string input = "b\na\n";
    ipc::Capture stages = ipc::pipeline({&words, &sort}, &input);
    SAYS(stages.output(), "a\nb\n");
    SAME(stages.status(0).code(), 2);
    CHECK(!stages.ok(0) && stages.ok(1));
}

TEST(expect) {
    ipc::Stream bc = ipc::open_pty({"sh", "-c", "while read x; do echo \"got $x.\"; done"});
    SAME(bc.size().first, 24);
    bc.resize(30, 90);
    SAME(bc.size().second, 90);
    CHECK(bc.pty_name().find("/dev/pts/") == 0);
    ipc::Expect list;
    SAME(list.text("nothing"), 0);
    SAME(list.regex("got (\\w+)\\."), 1);
    bc.write("6*7\nsix\n");
    SAME(list.wait(bc, seconds(10)), 1);
    SAYS(bc.match(1), "six");
    SAYS(bc.before(), "got 6*7.\n");
    THROWS(ipc::Error, -ETIMEDOUT, list.wait(bc, milliseconds(10)));
    bc.write(std::string(1, ipc::control("d")));
    SAME(list.eof(), 2);
    SAME(list.wait(bc), 2);
    CHECK(bc.close().ok());
    ipc::Talk kid = ipc::open2({"cat"});
    kid.writer.write("login: ");
    kid.reader.script({"ogin: ", ""}, seconds(10));
    kid.writer.close();
    CHECK(kid.reader.close().ok());
}

TEST(handlers) {
    ipc::signal::Local local("USR1");
    int count = 0;
    ipc::signal::handle("USR1", [&](int signo) { count += signo == SIGUSR1; });
    ipc::signal::kill("USR1", getpid());
    SAME(count, 1);
    {
        ipc::signal::Local inner("USR1");
        ipc::signal::handle("USR1", [&](int) { throw std::runtime_error("enough"); });
        // It comes out of the call that it interrupted.
        ipc::Stream slow = ipc::open("-|", {"sh", "-c", "kill -USR1 $PPID; exec sleep 60"});
        try {
            slow.read(1);
            CHECK(!"thrown");
        } catch (const std::runtime_error &error) {
            SAYS(error.what(), "enough");
        }
        slow.child().end();
    }
    ipc::signal::kill("USR1", getpid());
    SAME(count, 2);
    SAYS(ipc::signal::disposition("USR1"), "HANDLER");
    // A handler that replaces itself lives until it is done.
    ipc::signal::handle("USR1", [&](int) {
        ipc::signal::handle("USR1", [](int) {});
        count += 10;
    });
    ipc::signal::kill("USR1", getpid());
    SAME(count, 12);
    CHECK(ipc::signal::sleep(milliseconds(1)).count() == 0);
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::signal::handle("KILL", [](int) {}));
}

TEST(queued_signals) {
    ipc::signal::Local local("USR2");
    ipc::signal::queue("USR2");
    SAME(ipc::signal::next(milliseconds(0)), 0);
    ipc::signal::sigqueue("USR2", getpid(), 99);
    SAME(ipc::signal::next(seconds(10)), SIGUSR2);
    ipc::signal::Sender sender = ipc::signal::sender();
    SAME(sender.pid, getpid());
    SAME(sender.value, 99);
    SAME(sender.count, 1);
    SAYS(ipc::signal::name(SIGUSR2), "USR2");
    SAME(ipc::signal::number("SIGTERM"), SIGTERM);
}

TEST(tcp) {
    ipc::Listener listener = ipc::tcp_listen("127.0.0.1", "0");
    SAYS(listener.addr(), "127.0.0.1:" + std::to_string(listener.port()));
    ipc::Stream client = ipc::tcp_connect("127.0.0.1", std::to_string(listener.port()), seconds(10));
    ipc::Stream server = listener.accept(seconds(10));
    SAYS(server.peer(), client.addr());
    client.write("question\n");
    client.shutdown();
    SAYS(server.slurp(), "question\n");
    server.write("answer\n");
    server.close();
    SAYS(client.slurp(), "answer\n");
    client.option("nodelay", 1);
    SAME(client.option("nodelay"), 1);
    THROWS(ipc::Error, -ETIMEDOUT, listener.accept(milliseconds(5)));
    int port = listener.port();
    listener = ipc::Listener();
    THROWS(ipc::Error, -ECONNREFUSED, ipc::tcp_connect("127.0.0.1", std::to_string(port), seconds(10)));
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::tcp_connect("127.0.0.1", "1", seconds(1), "no such option"));
}

TEST(unix_sockets) {
    std::string path = in_room("socket");
    ipc::Listener listener = ipc::unix_listen(path);
    CHECK(ipc::unix_is(path));
    ipc::Stream client = ipc::unix_connect(path);
    ipc::Stream server = listener.accept();
    SAME(ipc::unix_peer(server).pid, getpid());
    std::pair<ipc::Stream, ipc::Stream> pair = ipc::unix_pair();
    client.send_fd(pair.first.fd());
    int fd = server.recv_fd(seconds(10));
    CHECK(fd > 2 && write(fd, "x", 1) == 1 && close(fd) == 0);
    SAYS(pair.second.read(1), "x");
}

TEST(datagrams) {
    ipc::Dgram one = ipc::udp_open("127.0.0.1"), other = ipc::udp_open("127.0.0.1");
    one.send("message", other.addr());
    ipc::Datagram got = other.recv(seconds(10));
    SAYS(got.data, "message");
    SAYS(got.from, one.addr());
    other.connect(one.addr());
    other.send("answer to a long one");
    got = one.recv(seconds(10), 6);
    SAYS(got.data, "answer");
    SAME(got.len, 20);
}

TEST(batches) {
    std::pair<ipc::Dgram, ipc::Dgram> pair = ipc::dgram_pair();
    ipc::Batch out, in(4, 3);
    SAME(out.add("one"), 1);
    SAME(out.add("three"), 2);
    SAME(out.send(pair.first), 2);
    SAYS(pair.second.peek().data, "one");
    SAME(in.recv(pair.second, seconds(10)), 2);
    SAYS(in.message(0).data, "one");
    SAYS(in.message(1).data, "thr"); // cut, and said so
    SAME(in.message(1).len, 5);
    THROWS(ipc::Error, PERLIPC_E_INVALID, in.message(2));
    CHECK(pair.first.option("sndbuf") > 0);
}

TEST(polling) {
    ipc::Poll poll;
    ipc::Poll::Ready ready;
    CHECK(!poll.next(ready));
    ipc::Pipe pipe = ipc::pipe();
    ipc::Child child = ipc::Cmd{"true"}.start();
    poll.stream(pipe.reader, PERLIPC_LINE, 1);
    pipe.writer.write("half a ");
    THROWS(ipc::Error, -ETIMEDOUT, poll.next(ready, milliseconds(5)));
    pipe.writer.write("line\n");
    CHECK(poll.next(ready, seconds(10)));
    SAME(ready.tag, 1);
    SAME(ready.events, PERLIPC_LINE);
    SAME(poll.remove(1), 1);
    poll.child(child, 2);
    CHECK(poll.next(ready, seconds(10)));
    SAME(ready.tag, 2);
    CHECK(child.wait(milliseconds(0)).ok());
    SAME(poll.count(), 0);
}

TEST(interacting) {
    ipc::Cmd cmd{"sh", "-c", "echo ready; read x; echo got $x; read y"};
    ipc::Stream pty = ipc::open_pty(cmd);
    ipc::Pipe keys = ipc::pipe(), screen = ipc::pipe();
    ipc::Interact interact;
    interact.escape(-1);
    interact.terminal(keys.reader.fd(), screen.writer.fd());
    std::string seen;
    SAME(interact.output("rea(d)y", [&](const std::string &matched) {
        seen = matched;
        pty.write("words\n");
        return 0;
    }), 3);
    SAME(interact.output("got \\w+"), 4);
    SAME(interact.run(pty, seconds(10)), 4);
    SAYS(seen, "ready");
    SAYS(interact.match(), "got words");
    interact.output("never"); // the one before stays
    ipc::Interact thrower;
    thrower.terminal(keys.reader.fd(), screen.writer.fd());
    thrower.key("!", [](const std::string &) -> int { throw std::runtime_error("enough"); });
    keys.writer.write("!");
    try {
        thrower.run(pty, seconds(10));
        CHECK(!"thrown");
    } catch (const std::runtime_error &error) {
        SAYS(error.what(), "enough");
    }
    pty.child().end();
}

TEST(futexes) {
    ipc::Futex futex;
    futex.take();
    SAME(futex.value(), 0);
    THROWS(ipc::Error, -ETIMEDOUT, futex.take(milliseconds(5)));
    futex.give();
    SAME(futex.value(), 1);
}

TEST(taint) {
    std::string path = getenv("PATH");
    setenv("PATH", ".:/usr/bin", 1);
    THROWS(ipc::Error, PERLIPC_E_INSECURE, ipc::taint_check());
    setenv("PATH", path.c_str(), 1);
}

TEST(addresses) {
    SAYS(ipc::addr::resolve("127.0.0.1", "80"), "127.0.0.1:80");
    SAYS(ipc::addr::unpack(ipc::addr::pack("[::1]:37")), "[::1]:37");
    CHECK(ipc::addr::resolve_all("127.0.0.1", "80") == std::vector<std::string>{"127.0.0.1:80"});
    THROWS(ipc::Error, PERLIPC_E_INVALID, ipc::addr::pack("no address"));
}

TEST(servers) {
    ipc::Listener listener = ipc::tcp_listen("127.0.0.1", "0");
    std::string port = std::to_string(listener.port());
    ipc::Server server(std::move(listener));
    std::string events;
    server.exec(ipc::Cmd{"tr", "a-z", "A-Z"}).drain("", seconds(5)).log(
        [&](const std::string &event, int32_t, ipc::Status, const std::string &) { events += event + " "; });
    ipc::Child client = ipc::fork();
    if (!client) {
        ipc::Stream stream = ipc::tcp_connect("127.0.0.1", port);
        stream.write("loud");
        stream.shutdown();
        bool right = stream.slurp() == "LOUD";
        ipc::signal::kill("USR1", getppid());
        _exit(right ? 0 : 1);
    }
    ipc::signal::Local local("USR1");
    ipc::signal::handle("USR1", [&](int) { server.stop(); });
    CHECK(server.run());
    SAME(server.count("ok"), 1);
    CHECK(events.find("ready start ") == 0 && events.find(" end ") != std::string::npos);
    CHECK(client.wait().ok());
}

TEST(semaphores) {
    ipc::Sem sem = ipc::Sem::create(PERLIPC_PRIVATE, {1, 0});
    sem.take();
    SAME(sem.value(), 0);
    THROWS(ipc::Error, -ETIMEDOUT, sem.take(0, milliseconds(5)));
    sem.give();
    sem.op({0, -1, 0, 1, 1, 0});
    CHECK(sem.values() == (std::vector<int32_t>{0, 1}));
    SAME(sem.stat("nsems"), 2);
    sem.remove();
    THROWS(ipc::Error, -EINVAL, sem.value());
}

TEST(shared_memory_and_queues) {
    ipc::Shm shm = ipc::Shm::get(PERLIPC_PRIVATE, 4096, 0600);
    shm.write("in memory", 10);
    SAYS(shm.read(13, 6), "memory");
    {
        ipc::Attached attached = shm.attach();
        SAME(attached.size(), 4096);
        SAME(memcmp(static_cast<char *>(attached.data()) + 10, "in", 2), 0);
    }
    shm.forget();
    shm.remove();
    ipc::Msg queue = ipc::Msg::get(PERLIPC_PRIVATE, 0600);
    queue.send(3, "three");
    queue.send(1, std::string("with \0 in it", 12));
    ipc::Message got = queue.recv(1);
    SAME(got.data.size(), 12);
    got = queue.recv();
    SAME(got.type, 3);
    SAYS(got.data, "three");
    THROWS(ipc::Error, -ETIMEDOUT, queue.recv(0, milliseconds(2)));
    queue.remove();
}

TEST(locks_and_values) {
    std::string name = in_room("lock");
    ipc::Lock lock(name);
    {
        std::lock_guard<ipc::Lock> guard(lock);
        THROWS(ipc::Error, -EDEADLK, lock.take());
        std::thread([&] { CHECK(!lock.try_lock()); }).join();
    }
    CHECK(lock.try_lock());
    lock.unlock();
    ipc::Lock::remove(name);
    ipc::Value value(in_room("value"), 100);
    SAYS(value.read(), "");
    value.write("new");
    SAYS(value.read(), "new");
    CHECK(value.version() > 0);
    ipc::Value::remove(in_room("value"));
}

TEST(files) {
    std::string path = in_room("fifo");
    ipc::fifo::make(path);
    CHECK(ipc::fifo::is(path));
    ipc::Stream fifo = ipc::fifo::open(path, "+<");
    fifo.write("through\n").flush();
    SAYS(fifo.read(8), "through\n");
    fifo = ipc::Stream();
    THROWS(ipc::Error, -ETIMEDOUT, ipc::fifo::open(path, "<", milliseconds(5)));
    int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    ipc::flock(fd, "EX", seconds(1));
    ipc::flock(fd, "UN");
    close(fd);
    std::ofstream(in_room("one")) << "a\nb\n";
    std::ofstream(in_room("two")) << "c\n";
    ipc::Argv argv({in_room("one"), in_room("missing"), in_room("two")});
    std::string missing, all, line;
    argv.report([&](const std::string &name, int32_t code) { missing = name + " " + ipc_error_name(code); });
    while (argv.getline(line)) all += std::to_string(argv.lineno()) + line;
    SAYS(all, "1a\n2b\n3c\n");
    SAYS(missing, in_room("missing") + std::string(" ENOENT"));
}

// A handler of the program's own, not set through the library: the call goes on when it has run. tests/ctrl_c looks at
// signal::hosted.
static volatile sig_atomic_t interrupted;

TEST(handlers_of_others) {
    struct sigaction old, mine = {};
    mine.sa_handler = [](int) { interrupted = interrupted + 1; };
    sigaction(SIGINT, &mine, &old);
    ipc::Stream stream = ipc::open("-|", {"sh", "-c", "kill -INT $PPID; echo on"});
    SAYS(stream.slurp(), "on\n");
    SAME(interrupted, 1);
    CHECK(stream.close().ok());
    sigaction(SIGINT, &old, nullptr);
}
