/* The smallest test program: TEST(name) { CHECK(...); } and this header's main, which runs them all in their order (or
 * those named as arguments), one line for each that did not pass (with CHECK_NAMES=1 for all), and ends with "N passed, N failed,
 * N skipped".
 *
 * After each test the process must be as before it: the same descriptors, no zombie, the same signal dispositions and
 * mask. So every test is one for leaks too. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "perlipc.h"

static struct { const char *name; void (*run)(void); } check_tests[200];
static int check_count, check_bad;
static const char *check_skipped;
/* A test that changes dispositions on purpose, and cannot put them back itself, says so. */
static int check_keeps_dispositions;

static inline void check_add(const char *name, void (*run)(void)) {
    check_tests[check_count].name = name;
    check_tests[check_count++].run = run;
}

#define TEST(name) \
    static void name(void); \
    __attribute__((constructor)) static void name##_add(void) { check_add(#name, name); } \
    static void name(void)

#define SKIP(why) do { check_skipped = (why); return; } while (0)

#define CHECK(cond) do { if (!(cond)) check_fail(__FILE__, __LINE__, #cond, 0, 0); } while (0)

/* Numbers that must be equal; both are printed when they are not. */
#define SAME(is, want) do { \
        long long is_ = (long long)(is), want_ = (long long)(want); \
        if (is_ != want_) check_fail_numbers(__FILE__, __LINE__, #is, is_, want_); \
    } while (0)

/* Strings that must be equal. */
#define TEXT(is, want) do { \
        const char *is_ = (is), *want_ = (want); \
        if (!is_ || strcmp(is_, want_) != 0) check_fail(__FILE__, __LINE__, #is, is_ ? is_ : "NULL", want_); \
    } while (0)

/* A failure: its code, and the step that the thread's last error names. */
#define FAILS(call, code, step) do { \
        SAME(call, code); \
        SAME(ipc_error_last_code(), code); \
        TEXT(ipc_error_last_step(), step); \
    } while (0)

static inline void check_fail(const char *file, int line, const char *what, const char *is, const char *want) {
    __sync_fetch_and_add(&check_bad, 1);
    if (want) fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, is, want);
    else fprintf(stderr, "%s:%d: not so: %s (last error: %s)\n", file, line, what, ipc_error_last_text());
}

static inline void check_fail_numbers(const char *file, int line, const char *what, long long is, long long want) {
    __sync_fetch_and_add(&check_bad, 1);
    fprintf(stderr, "%s:%d: %s is %lld, not %lld (last error: %s)\n", file, line, what, is, want, ipc_error_last_text());
}

/* ---- what a test must leave as it was ---- */

typedef struct {
    unsigned char open[1024];
    struct sigaction signals[65];
    sigset_t mask;
    mode_t umask;
} check_state;

static inline void check_look(check_state *state) {
    memset(state, 0, sizeof *state);
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[300], to[64] = "";
        int fd = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        /* Each thread that was once blocked keeps the eventfd by which others wake it. */
        if (entry->d_name[0] == '.' || fd == dirfd(dir) || readlink(path, to, sizeof to - 1) < 0) continue;
        if (strstr(to, "[eventfd]")) continue;
        if (fd < 1024) state->open[fd] = 1;
    }
    if (dir) closedir(dir);
    for (int n = 1; n <= 64; n++) sigaction(n, NULL, &state->signals[n]);
    pthread_sigmask(SIG_SETMASK, NULL, &state->mask);
    state->umask = umask(0);
    umask(state->umask);
}

static inline void check_compare(const char *name, const check_state *before, const check_state *after) {
    for (int fd = 0; fd < 1024; fd++)
        if (before->open[fd] != after->open[fd]) {
            fprintf(stderr, "%s: descriptor %d was %s\n", name, fd, before->open[fd] ? "closed" : "left open");
            check_bad++;
        }
    for (int n = 1; n <= 64 && !check_keeps_dispositions; n++)
        if (before->signals[n].sa_handler != after->signals[n].sa_handler) {
            fprintf(stderr, "%s: the disposition of signal %d has changed\n", name, n);
            check_bad++;
        }
    if (memcmp(&before->mask, &after->mask, 8) != 0) fprintf(stderr, "%s: the signal mask has changed\n", name), check_bad++;
    if (before->umask != after->umask) fprintf(stderr, "%s: the umask has changed\n", name), check_bad++;
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        fprintf(stderr, "%s: process %d was left as a zombie\n", name, (int)info.si_pid);
        check_bad++;
    }
}

/* ---- what tests share ---- */

/* A command from its words. */
static inline ipc_cmd *cmd_of(const char *program, ...) {
    const char *argv[32] = {program};
    int n = 1;
    va_list more;
    va_start(more, program);
    while (n < 31 && (argv[n] = va_arg(more, const char *))) n++;
    va_end(more);
    argv[n] = NULL;
    return ipc_cmd_argv(argv);
}
#define CMD(...) cmd_of(__VA_ARGS__, (const char *)NULL)

/* What a command prints, up to a static buffer's size; the command is freed. */
static inline const char *output_of(ipc_cmd *cmd) {
    static char text[1 << 16];
    ipc_capture *capture = NULL;
    size_t len = 0;
    text[0] = 0;
    SAME(ipc_capture_run(cmd, NULL, 0, 30000, &capture), 0);
    const void *bytes = ipc_capture_output(capture, &len);
    if (len >= sizeof text) len = sizeof text - 1;
    if (bytes) memcpy(text, bytes, len);
    text[bytes ? len : 0] = 0;
    ipc_capture_free(capture);
    ipc_cmd_free(cmd);
    return text;
}

static inline double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Comes back when a thread of this process sleeps in the kernel, as one that is blocked in a call does. */
static inline void until_asleep(pid_t tid) {
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    for (double end = now_ms() + 10000; now_ms() < end; sched_yield()) {
        FILE *file = fopen(path, "re");
        if (!file) return;
        char *state = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
        fclose(file);
        if (state && state[2] == 'S') return;
    }
}

/* An empty directory of the test's own; removed when the program ends well. */
static char check_room[64];

static inline const char *room(void) {
    if (!check_room[0]) {
        strcpy(check_room, "/tmp/perlipc-test.XXXXXX");
        if (!mkdtemp(check_room)) exit(2);
    }
    return check_room;
}

static inline const char *in_room(const char *name) {
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", room(), name);
    return path;
}

/* Valgrind cannot always lengthen the stack while it delivers a signal: it is long enough before. */
static __attribute__((noinline)) void lengthen_the_stack(void) {
    volatile char deep[1 << 18];
    for (size_t at = sizeof deep; at >= 1024; at -= 1024) deep[at - 1024] = 0;
}

int main(int argc, char **argv) {
    lengthen_the_stack();
    int passed = 0, failed = 0, skipped = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    pid_t self = getpid();
    for (int i = 0; i < check_count; i++) {
        int wanted = argc < 2;
        for (int a = 1; a < argc; a++) wanted |= strcmp(argv[a], check_tests[i].name) == 0;
        if (!wanted) continue;
        static check_state before, after;
        check_bad = 0;
        check_skipped = NULL;
        check_keeps_dispositions = 0;
        check_look(&before);
        check_tests[i].run();
        if (getpid() != self) {
            fprintf(stderr, "%s: a forked child came back from the test\n", check_tests[i].name);
            _exit(99);
        }
        check_look(&after);
        if (!check_skipped) check_compare(check_tests[i].name, &before, &after);
        if (check_bad) failed++, printf("FAILED %s: %s\n", program, check_tests[i].name);
        else if (check_skipped) skipped++, printf("skipped: %s: %s: %s\n", program, check_tests[i].name, check_skipped);
        else {
            passed++;
            if (getenv("CHECK_NAMES")) printf("%s: %s\n", program, check_tests[i].name);
        }
    }
    if (check_room[0] && failed == 0) {
        pid_t rm = fork();
        if (rm == 0) {
            execlp("rm", "rm", "-rf", room(), (char *)NULL);
            _exit(127);
        }
        int status;
        if (waitpid(rm, &status, 0) != rm || status != 0) failed++;
    }
    printf("%s: %d passed, %d failed, %d skipped\n", program, passed, failed, skipped);
    return failed ? 1 : 0;
}

#endif
