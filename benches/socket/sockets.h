/* What the C programs of this area share. */
#ifndef SOCKETS_H
#define SOCKETS_H
#include "bench.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 64
#define LINES 2000000L
#define BATCH 32
#define CLIENTS 64
#define WORKERS 4

static inline int full(ssize_t (*call)(int, char *, size_t), int fd, char *data, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t n = call(fd, data + done, len - done);
        if (n <= 0) return 0;
        done += (size_t)n;
    }
    return 1;
}

static inline ssize_t call_read(int fd, char *data, size_t len) { return read(fd, data, len); }

static inline struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void nodelay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* A socket of the loopback that listens, or a datagram one; and its port. */
static inline int at_loopback(int type, int *port) {
    struct sockaddr_in addr = loopback(0);
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (void *)&addr, len) < 0 || getsockname(fd, (void *)&addr, &len) < 0) fail("bind");
    if (type == SOCK_STREAM && listen(fd, 4096) < 0) fail("listen");
    *port = ntohs(addr.sin_port);
    return fd;
}

/* Starts one of the children; what it says first, a port or a path, comes into `said`. */
static inline pid_t start_child(const char *name, const char *mode, const char *arg, char *said, size_t size) {
    char path[4096];
    const char *dir = getenv("BENCH_BIN");
    int ends[2];
    snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
    if (pipe(ends) < 0) fail("pipe");
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        if (said) dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(path, name, mode, arg, (char *)0);
        _exit(127);
    }
    close(ends[1]);
    if (said) {
        ssize_t n = read(ends[0], said, size - 1);
        if (n <= 1) wrong(path, n);
        said[n - 1] = 0;
    }
    close(ends[0]);
    return pid;
}

static inline pid_t start_echo(const char *mode, char *said, size_t size) { return start_child("echo", mode, 0, said, size); }

/* The clients of a server; what they measure they print themselves. */
static inline pid_t start_load(const char *mode, int port) {
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    return start_child("load", mode, text, 0, 0);
}

static inline void ended(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) wrong("load", status);
}
#endif
