/* A process for each connection, as short as it can be written. */
#include "../sockets.h"

static void stops(int signal) {
    (void)signal;
    _exit(0);
}

int main(int argc, char **argv) {
    int port;
    if (argc < 2 || !is(argv[1], "conn_fork")) return 77;
    int fd = at_loopback(SOCK_STREAM, &port);
    signal(SIGTERM, stops);
    signal(SIGCHLD, SIG_IGN);
    start_load("conn", port);
    for (;;) {
        int client = accept(fd, 0, 0);
        if (fork() == 0) {
            char data[SIZE];
            ssize_t n = read(client, data, sizeof data);
            _exit(n > 0 && write(client, data, (size_t)n) == n ? 0 : 1);
        }
        close(client);
    }
}
