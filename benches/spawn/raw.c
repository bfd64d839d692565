/* The limit: the system calls that the work cannot do without, made directly, without checks that a library owes its
   users. What everyone else is measured by. */
#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <poll.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void reap(pid_t pid) {
    int status;
    while (wait4(pid, &status, 0, 0) < 0) {
        if (errno != EINTR) fail("wait4");
    }
    if (status != 0) wrong("status", status);
}

static void run(char **argv) {
    pid_t pid = vfork();
    if (pid == 0) {
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (pid < 0) fail("vfork");
    reap(pid);
}

static long call(long nr, long a, long b, long c, long d) {
    long result;
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((used, noreturn)) static void become(char **argv) {
    call(SYS_close_range, 3, ~0u, 2 /* CLOSE_RANGE_UNSHARE */, 0);
    call(SYS_execve, (long)argv[0], (long)argv, (long)environ, 0);
    for (;;) call(SYS_exit_group, 127, 0, 0, 0);
}

/* The same with what a library owes: no handler and no descriptor in the child that are not for it, and a pidfd, so
   that nobody else is ever signalled or waited for. */
static void run_pidfd(char **argv) {
    static char stack[1 << 16] __attribute__((aligned(64)));
    int pidfd = -1;
    struct clone_args how = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_FILES | 0x100000000 /* CLONE_CLEAR_SIGHAND */,
        .pidfd = (uint64_t)&pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)stack,
        .stack_size = sizeof stack,
    };
    long pid;
    register char **child __asm__("r12") = argv;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %%r12, %%rdi\n\t"
                     "call become\n"
                     "1:"
                     : "=a"(pid)
                     : "a"(SYS_clone3), "D"(&how), "S"(sizeof how), "r"(child)
                     : "rcx", "r11", "memory");
    if (pid < 0) fail("clone3");
    siginfo_t info;
    if (call(SYS_waitid, P_PIDFD, pidfd, (long)&info, WEXITED)) fail("waitid");
    close(pidfd);
    if (info.si_status != 0) wrong("status", info.si_status);
}

/* The child with its standard output on a pipe or a socket pair; the reading end. */
static pid_t start(char **argv, int socket, int *reader) {
    int ends[2];
    if (socket) {
        int size = 1 << 20;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) fail("socketpair");
        setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    } else if (pipe2(ends, O_CLOEXEC)) {
        fail("pipe2");
    }
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(ends[1], 1);
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (pid < 0) fail("vfork");
    close(ends[1]);
    *reader = ends[0];
    return pid;
}

static void line(void) {
    char all[4096];
    size_t len = 0;
    int reader;
    ssize_t n;
    pid_t pid = start(line_argv, 0, &reader);
    while ((n = read(reader, all + len, sizeof all - len)) > 0) len += (size_t)n;
    close(reader);
    reap(pid);
    if (len != 3) wrong("bytes", (long long)len);
}

/* Both outputs apart: two pipes, drained side by side. */
static void line_both(void) {
    char all[2][4096];
    size_t len[2] = {0, 0};
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) fail("pipe2");
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(out[1], 1);
        dup2(err[1], 2);
        execve(line_argv[0], line_argv, environ);
        _exit(127);
    }
    if (pid < 0) fail("vfork");
    close(out[1]);
    close(err[1]);
    struct pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    for (int open = 2; open > 0;) {
        if (poll(fds, 2, -1) < 0) fail("poll");
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents == 0) continue;
            ssize_t n = read(fds[i].fd, all[i] + len[i], sizeof all[i] - len[i]);
            if (n < 0) fail("read");
            if (n == 0) {
                close(fds[i].fd);
                fds[i].fd = -1;
                open--;
            }
            len[i] += (size_t)n;
        }
    }
    reap(pid);
    if (len[0] != 3) wrong("bytes", (long long)len[0]);
}

/* The usual loop: a buffer that doubles. With `huge`, one mapping on huge pages that is large enough from the start. */
static void bytes(int socket, int huge) {
    size_t room = huge ? (size_t)BYTES + (1 << 20) : 1 << 16, len = 0;
    char *all = 0;
    if (huge) {
        all = mmap(0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (all == MAP_FAILED) fail("mmap");
        madvise(all, room, MADV_HUGEPAGE);
    } else {
        all = malloc(room);
    }
    int reader;
    ssize_t n;
    pid_t pid = start(bytes_argv, socket, &reader);
    while ((n = read(reader, all + len, room - len)) > 0) {
        len += (size_t)n;
        if (len == room) all = realloc(all, room *= 2);
    }
    close(reader);
    reap(pid);
    if (len != (size_t)BYTES) wrong("bytes", (long long)len);
}

/* Newlines by a bit mask of 64 bytes at a time, in one pass; with an empty call for each line. */
__attribute__((target("avx2,bmi"), always_inline)) static inline void lines(int with_call) {
    enum { ROOM = 256 << 10 };
    char *block = aligned_alloc(64, ROOM + 64);
    const __m256i newline = _mm256_set1_epi8('\n');
    size_t have = 0;
    long count = 0, sum = 0;
    int reader;
    ssize_t n;
    pid_t pid = start(lines_argv, 0, &reader);
    fcntl(reader, F_SETPIPE_SZ, ROOM);
    while ((n = read(reader, block + have, ROOM - have)) > 0) {
        size_t end = have + (size_t)n, from = 0;
        memset(block + end, 0, 64);
        for (size_t at = have & ~(size_t)63; at < end; at += 64) {
            __m256i low = _mm256_load_si256((void *)(block + at)), high = _mm256_load_si256((void *)(block + at + 32));
            uint64_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, newline)) |
                            (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, newline)) << 32;
            for (; mask != 0; mask &= mask - 1) {
                size_t behind = at + (size_t)__builtin_ctzll(mask) + 1;
                count++;
                sum += (long)(behind - from);
                __asm__ volatile("" : : "r"(block + from));
                if (with_call) empty_call();
                from = behind;
            }
        }
        memmove(block, block + from, have = end - from);
    }
    close(reader);
    reap(pid);
    if (count != LINES || sum < LINES) wrong("lines", count);
}

__attribute__((target("avx2,bmi"))) static void lines_bare(void) { lines(0); }
__attribute__((target("avx2,bmi"))) static void lines_called(void) { lines(1); }

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    find_children();
    if (is(metric, "tiny")) {
        OFTEN(run(tiny_argv));
    } else if (is(metric, "tiny_pidfd")) {
        OFTEN(run_pidfd(tiny_argv));
    } else if (is(metric, "true")) {
        OFTEN(run(true_argv));
    } else if (is(metric, "line")) {
        OFTEN(line());
    } else if (is(metric, "line_both")) {
        OFTEN(line_both());
    } else if (is(metric, "bytes")) {
        ONCE(1, bytes(0, 0));
    } else if (is(metric, "bytes_huge")) {
        ONCE(1, bytes(0, 1));
    } else if (is(metric, "bytes_socket_huge")) {
        ONCE(1, bytes(1, 1));
    } else if (is(metric, "lines")) {
        ONCE(LINES, lines_bare());
    } else if (is(metric, "lines_calls_empty")) {
        ONCE(LINES, lines_called());
    } else {
        return 77;
    }
    return 0;
}
