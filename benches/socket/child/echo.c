/* The other end of the clients: echo tcp | unix | udp | sink | lines. Says its port or its path first. */
#include "../sockets.h"

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    static char data[1 << 16];
    int port = 0, fd;
    signal(SIGPIPE, SIG_IGN);
    if (is(mode, "udp")) {
        struct sockaddr_in from;
        fd = at_loopback(SOCK_DGRAM, &port);
        printf("%d\n", port), fflush(stdout);
        for (;;) {
            socklen_t len = sizeof from;
            ssize_t n = recvfrom(fd, data, sizeof data, 0, (void *)&from, &len);
            if (n < 0 || sendto(fd, data, (size_t)n, 0, (void *)&from, len) < 0) fail("udp");
        }
    }
    if (is(mode, "tcp") || is(mode, "sink")) {
        fd = at_loopback(SOCK_STREAM, &port);
        printf("%d\n", port), fflush(stdout);
    } else {
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        snprintf(addr.sun_path, sizeof addr.sun_path, "/tmp/perlipc-bench-%d", getpid());
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (void *)&addr, sizeof addr) < 0 || listen(fd, 64) < 0) fail("bind");
        printf("%s\n", addr.sun_path), fflush(stdout);
    }
    for (;;) {
        int client = accept(fd, 0, 0);
        if (client < 0) fail("accept");
        if (is(mode, "sink")) {
            /* When the client has gone nothing is to be remembered of it. */
            struct linger now = {1, 0};
            while (read(client, data, sizeof data) > 0) {
            }
            setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else if (is(mode, "lines")) {
            /* The same 5000 again and again, so that the reader is what is measured. */
            size_t size = 0;
            for (int i = 0; i < 5000; i++) size += (size_t)sprintf(data + size, "line %d\n", 100000 + i);
            for (long i = 0; i < LINES / 5000; i++)
                for (size_t done = 0; done < size;) {
                    ssize_t n = write(client, data + done, size - done);
                    if (n < 0) fail("write");
                    done += (size_t)n;
                }
        } else {
            if (is(mode, "tcp")) nodelay(client);
            for (ssize_t n; (n = read(client, data, sizeof data)) > 0;)
                if (write(client, data, (size_t)n) != n) break;
        }
        close(client);
    }
}
