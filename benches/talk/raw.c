/* The limit: direct system calls. Both ends are tried before poll, and the output's buffer doubles, as most programs do. */
#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t start(char **argv, int *writer, int *reader) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) fail("pipe2");
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (pid < 0) fail("vfork");
    close(in[0]);
    close(out[1]);
    *writer = in[1];
    *reader = out[0];
    return pid;
}

static void reap(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) wrong("status", status);
}

/* By a call that never sends SIGPIPE, or by the plain one. */
static inline void echo(int writer, int reader, int quiet) {
    static char line[] = "a line of thirty-two characters\n";
    char room[4096];
    ssize_t wrote;
    if (quiet) {
        struct iovec all = {line, 32};
        wrote = pwritev2(writer, &all, 1, -1, 0x100 /* RWF_NOSIGNAL */);
    } else {
        wrote = write(writer, line, 32);
    }
    if (wrote != 32) fail("write");
    for (size_t got = 0; got < 32;) {
        ssize_t n = read(reader, room + got, sizeof room - got);
        if (n <= 0) fail("read");
        got += (size_t)n;
    }
}

static void cat(void) {
    int writer, reader;
    pid_t pid = start(cat_argv, &writer, &reader);
    fcntl(writer, F_SETFL, O_NONBLOCK);
    fcntl(reader, F_SETFL, O_NONBLOCK);
    size_t fed = 0, got = 0, cap = 1 << 16;
    char *out = malloc(cap);
    for (;;) {
        int moved = 0;
        if (writer >= 0) {
            ssize_t n = write(writer, input + fed, size - fed);
            if (n > 0) fed += (size_t)n, moved = 1;
            else if (errno != EAGAIN) fail("write");
            if (fed == size) close(writer), writer = -1;
        }
        if (got == cap && !(out = realloc(out, cap *= 2))) fail("realloc");
        ssize_t n = read(reader, out + got, cap - got);
        if (n == 0) break;
        if (n > 0) got += (size_t)n, moved = 1;
        else if (errno != EAGAIN) fail("read");
        if (!moved) {
            struct pollfd fds[] = {{reader, POLLIN, 0}, {writer, POLLOUT, 0}};
            poll(fds, 2, -1);
        }
    }
    close(reader);
    reap(pid);
    if (got != size || memcmp(out, input, size) != 0) wrong("bytes", (long long)got);
    free(out);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    find_partners(what);
    prepare();
    if (is(what, "echo") || is(what, "echo_quiet")) {
        int writer, reader, quiet = !is(what, "echo");
        pid_t pid = start(echo_argv, &writer, &reader);
        if (quiet) OFTEN(echo(writer, reader, 1));
        else OFTEN(echo(writer, reader, 0));
        close(writer);
        reap(pid);
    } else if (strncmp(what, "cat_", 4) == 0 && what[4] != 's' && !strstr(what, "_quiet")) OFTEN(cat());
    else return 77;
    return 0;
}
