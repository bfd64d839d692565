/* The limit: the bare system calls. */
#include "sockets.h"
#include <sys/epoll.h>

static char data[1 << 16];

static void ping(int fd) {
    OFTEN({
        if (write(fd, data, SIZE) != SIZE || !full(call_read, fd, data, SIZE)) fail("ping");
    });
}

static int tcp(int port) {
    struct sockaddr_in addr = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (void *)&addr, sizeof addr) < 0) fail("connect");
    return fd;
}

static int unix_to(const char *path) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (void *)&addr, sizeof addr) < 0) fail("connect");
    unlink(path);
    return fd;
}

static void lines(int fd) {
    long count = 0;
    size_t used = 0;
    for (;;) {
        ssize_t n = read(fd, data + used, sizeof data - used);
        if (n <= 0) break;
        used += (size_t)n;
        char *at = data, *end = data + used, *next;
        while ((next = memchr(at, '\n', (size_t)(end - at)))) count++, at = next + 1;
        used = (size_t)(end - at);
        memmove(data, at, used);
    }
    if (count != LINES) wrong("lines", count);
}

static void batch(void) {
    int port, to = at_loopback(SOCK_DGRAM, &port), from = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in addr = loopback(port), names[BATCH];
    struct mmsghdr out[BATCH] = {0}, in[BATCH] = {0};
    struct iovec sent = {data, SIZE}, came[BATCH];
    if (connect(from, (void *)&addr, sizeof addr) < 0) fail("connect");
    for (int i = 0; i < BATCH; i++) {
        came[i] = (struct iovec){data + 4096 + i * SIZE, SIZE};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &sent, .msg_iovlen = 1};
        in[i].msg_hdr = (struct msghdr){.msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &came[i], .msg_iovlen = 1};
    }
    OFTEN({
        if (sendmmsg(from, out, BATCH, 0) != BATCH) fail("sendmmsg");
        for (int n = 0; n < BATCH;) {
            int got = recvmmsg(to, in, BATCH, MSG_WAITFORONE, 0);
            if (got <= 0 || in[0].msg_len != SIZE) fail("recvmmsg");
            n += got;
        }
    });
}

static void answer(int fd) {
    ssize_t n = read(fd, data, sizeof data);
    if (n > 0 && write(fd, data, (size_t)n) != n) fail("write");
    close(fd);
}

static pid_t workers[WORKERS], load;

static void stops(int signal) {
    (void)signal;
    for (int i = 0; i < WORKERS; i++) kill(workers[i], SIGKILL);
    while (wait(0) > 0) {
    }
    _exit(0);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    char said[256];
    int port;
    prepare();
    if (is(what, "tcp_pp")) {
        start_echo("tcp", said, sizeof said);
        ping(tcp(atoi(said)));
    } else if (is(what, "unix_pp")) {
        start_echo("unix", said, sizeof said);
        ping(unix_to(said));
    } else if (is(what, "udp_pp")) {
        start_echo("udp", said, sizeof said);
        struct sockaddr_in addr = loopback(atoi(said));
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (connect(fd, (void *)&addr, sizeof addr) < 0) fail("connect");
        ping(fd);
    } else if (is(what, "tcp_conn")) {
        start_echo("sink", said, sizeof said);
        port = atoi(said);
        OFTEN({ close(tcp(port)); });
    } else if (is(what, "unix_lines")) {
        start_echo("lines", said, sizeof said);
        int fd = unix_to(said);
        ONCE(LINES, lines(fd));
    } else if (is(what, "udp_batch")) {
        batch();
    } else if (is(what, "pp1")) {
        int fd = at_loopback(SOCK_STREAM, &port);
        load = start_load("pp1", port);
        int client = accept(fd, 0, 0);
        nodelay(client);
        for (ssize_t n; (n = read(client, data, sizeof data)) > 0;)
            if (write(client, data, (size_t)n) != n) fail("write");
        ended(load);
    } else if (is(what, "tp64")) {
        int fd = at_loopback(SOCK_STREAM, &port), set = epoll_create1(0), open = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd}, events[CLIENTS];
        if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
        load = start_load("tp64", port);
        do {
            int n = epoll_wait(set, events, CLIENTS, -1);
            for (int i = 0; i < n; i++) {
                int client = events[i].data.fd;
                if (client == fd) {
                    event.data.fd = client = accept(fd, 0, 0);
                    nodelay(client);
                    if (epoll_ctl(set, EPOLL_CTL_ADD, client, &event) < 0) fail("epoll_ctl");
                    open++;
                    continue;
                }
                ssize_t len = read(client, data, sizeof data);
                if (len > 0 && write(client, data, (size_t)len) == len) continue;
                close(client);
                open--;
            }
        } while (open > 0);
        ended(load);
    } else if (is(what, "conn_prefork")) {
        int fd = at_loopback(SOCK_STREAM, &port);
        for (int i = 0; i < WORKERS; i++)
            if (!(workers[i] = fork()))
                for (;;) answer(accept(fd, 0, 0));
        signal(SIGTERM, stops);
        load = start_load("conn", port);
        for (;;) pause();
    } else {
        return 77;
    }
    return 0;
}
