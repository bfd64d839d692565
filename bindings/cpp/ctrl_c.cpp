// Blocks in the call that is named until Ctrl-C has reached the program's own handler: see tests/ctrl_c.
#include <perlipc.hpp>

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <map>
#include <thread>
#include <unistd.h>

namespace ipc = perlipc;

static volatile std::sig_atomic_t interrupted;

static ipc::Cmd idle() {
    ipc::Cmd cmd{"sleep", "60"};
    cmd.option("die_with_parent", "KILL");
    return cmd;
}

int main(int argc, char **argv) {
    ipc::Pipe pipe = ipc::pipe();
    std::string line, path = std::string("ctrl_c.") + std::to_string(getpid());
    ipc::Cmd cmd = idle();
    std::map<std::string, std::function<void()>> calls = {
        {"read", [&] { pipe.reader.read(1); }},
        {"getline", [&] { pipe.reader.getline(line); }},
        {"write", [&] { pipe.writer.write(std::string(1 << 20, 'x')); }},
        {"close", [&] { ipc::open("-|", cmd).close(); }},
        {"wait", [&] { cmd.start().wait(); }},
        {"wait_any", [&] { ipc::Child child = cmd.start(); ipc::wait_any(); }},
        {"wait_pid", [&] { ipc::Child child = cmd.start(); ipc::wait_pid(child.pid()); }},
        {"capture", [&] { ipc::capture(cmd); }},
        {"feed", [&] { ipc::Talk talk = ipc::open2(cmd); ipc::feed(talk, std::string(1 << 20, 'x')); }},
        {"expect", [&] { ipc::Expect list; list.text("never"); list.wait(pipe.reader, ipc::forever); }},
        {"accept", [&] { ipc::tcp_listen("127.0.0.1", "0").accept(); }},
        {"connect", [&] {
            std::string name = "@" + path;
            ipc::Listener listener = ipc::unix_listen(name, "backlog=0");
            ipc::Stream one = ipc::unix_connect(name);
            ipc::unix_connect(name);
        }},
        {"recv", [&] { ipc::udp_open("127.0.0.1").recv(); }},
        {"sem", [&] {
            struct Removed : ipc::Sem { using ipc::Sem::Sem; ~Removed() { remove(); } };
            Removed(ipc::Sem::create(PERLIPC_PRIVATE, {0}).id()).take();
        }},
        {"msg", [&] {
            struct Removed : ipc::Msg { using ipc::Msg::Msg; ~Removed() { remove(); } };
            Removed(ipc::Msg::get(PERLIPC_PRIVATE, 0600).id()).recv();
        }},
        {"lock", [&] {
            ipc::Lock lock;
            std::thread([&] { lock.take(); pause(); }).detach();
            while (lock.try_lock()) lock.unlock();
            lock.take();
        }},
        {"flock", [&] {
            int fd = open("/proc/self/exe", O_RDONLY), other = open("/proc/self/exe", O_RDONLY);
            ipc::flock(fd, "EX");
            ipc::flock(other, "EX");
        }},
        {"fifo", [&] {
            struct Made { std::string path; ~Made() { unlink(path.c_str()); } } made{path};
            ipc::fifo::make(path);
            ipc::fifo::open(path, "<");
        }},
        {"sleep", [&] { ipc::signal::sleep(std::chrono::seconds(60)); }},
        {"next", [&] { ipc::signal::queue("USR1"); ipc::signal::next(); }},
        {"dispatch", [&] { ipc::signal::handle("USR1", [](int) {}); ipc::signal::dispatch(std::chrono::seconds(60)); }},
    };
    if (argc < 2) {
        for (const auto &call : calls) std::cout << call.first << "\n";
        return 0;
    }
    struct sigaction own = {};
    own.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &own, nullptr);
    ipc::signal::hosted(true);
    std::cout << "ready" << std::endl;
    try {
        calls.at(argv[1])();
    } catch (const ipc::Error &error) {
        std::cout << (error.result() == -EINTR && interrupted ? "interrupted" : error.what()) << std::endl;
        _exit(0);
    }
    return 1;
}
