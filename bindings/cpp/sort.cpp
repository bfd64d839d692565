// `sort` through open2 under a deadline, and what a command that is not there and one that is too slow look like.
#include <perlipc.hpp>

#include <iostream>

namespace ipc = perlipc;
using std::chrono::milliseconds;
using std::chrono::seconds;

int main() {
    auto kid = ipc::open2({"sort"});
    kid.reader.deadline(seconds(5));
    kid.writer.write("pear\napple\nfig\n").close();
    for (const std::string &line : kid.reader.lines()) std::cout << line;
    std::cout << "sort " << kid.reader.close().text() << "\n";

    try {
        ipc::open2({"/no/such/sort"});
    } catch (const ipc::Error &error) {
        std::cout << error.what() << "\n";
    }

    auto slow = ipc::open2({"sleep", "60"});
    slow.reader.deadline(milliseconds(50));
    try {
        slow.reader.read(1);
    } catch (const ipc::Error &error) {
        std::cout << error.name() << "\n";
    }
    std::cout << "sleep " << slow.reader.child().end().text() << "\n";
}
