/* The clients of a server, which measure it: load pp1 | tp64 | conn PORT. At the end of conn the server gets TERM. */
#include "../sockets.h"
#include <sys/epoll.h>

static struct sockaddr_in addr;

static int connected(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void *)&addr, sizeof addr) < 0) fail("connect");
    nodelay(fd);
    return fd;
}

int main(int argc, char **argv) {
    char data[SIZE] = {0};
    addr = loopback(argc > 2 ? atoi(argv[2]) : 0);
    if (is(argv[1], "pp1")) {
        int fd = connected();
        OFTEN({
            if (write(fd, data, SIZE) != SIZE || !full(call_read, fd, data, SIZE)) fail("pp1");
        });
    } else if (is(argv[1], "tp64")) {
        int fds[CLIENTS], set = epoll_create1(0);
        struct epoll_event events[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            fds[i] = connected();
            struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
            if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) < 0) fail("epoll_ctl");
            if (write(fds[i], data, SIZE) != SIZE) fail("write");
        }
        /* So many exchanges, whoever makes them. */
        OFTEN({
            for (long left = CLIENTS; left > 0;) {
                int n = epoll_wait(set, events, CLIENTS, 10000);
                if (n <= 0) fail("epoll_wait");
                for (int i = 0; i < n && left > 0; i++, left--) {
                    int fd = events[i].data.fd;
                    if (!full(call_read, fd, data, SIZE) || write(fd, data, SIZE) != SIZE) fail("tp64");
                }
            }
        });
        /* One is under way with each: a server that is hung up on would not end well. */
        for (int i = 0; i < CLIENTS; i++)
            if (!full(call_read, fds[i], data, SIZE)) fail("tp64");
    } else {
        OFTEN({
            int fd = connected();
            if (write(fd, "a line\n", 7) != 7) fail("write");
            size_t got = 0;
            for (ssize_t n; (n = read(fd, data + got, SIZE - got)) > 0;) got += (size_t)n;
            if (got != 7 || memcmp(data, "a line\n", 7)) wrong("conn", (long long)got);
            close(fd);
        });
        fflush(stdout);
        kill(getppid(), SIGTERM);
    }
    return 0;
}
