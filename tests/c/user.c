/* Giving up privileges for good, becoming a daemon, and what a forked child may do. */
#include "check.h"
#include <grp.h>
#include <sys/prctl.h>

/* Runs the body in a forked child and gives its code. */
static int32_t code_of(int (*body)(void)) {
    ipc_child *child;
    int32_t status = -1, pid = ipc_fork(&child);
    if (pid == 0) _exit(body());
    SAME(ipc_child_wait(child, 20000, &status), 0);
    ipc_child_free(child);
    return ipc_status_code(status);
}

static int by_number(void) {
    gid_t groups[64];
    uid_t r, e, s;
    gid_t gr, ge, gs;
    if (ipc_user_drop("65534", "65533") != 0) return 1;
    if (getresuid(&r, &e, &s) != 0 || r != 65534 || e != 65534 || s != 65534) return 2;
    if (getresgid(&gr, &ge, &gs) != 0 || gr != 65533 || ge != 65533 || gs != 65533) return 3;
    for (int i = getgroups(64, groups) - 1; i >= 0; i--) if (groups[i] == 0) return 4;
    return setuid(0) == 0 || setgid(0) == 0 || open("/etc/shadow", O_RDONLY) >= 0 ? 5 : 0;
}

static int by_name(void) { return ipc_user_drop("daemon", NULL) == 0 && getuid() == 1 && getgid() == 1 ? 0 : 1; }

static int every_thread_of_it(void);

static void *its_uid(void *arg) {
    char byte;
    if (read(((int *)arg)[0], &byte, 1) != 1) return NULL;
    return getuid() == 65534 && getgid() == 65534 ? arg : NULL;
}

static int every_thread_of_it(void) {
    int ends[2];
    pthread_t thread;
    void *ok = NULL;
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, its_uid, ends) != 0) return 1;
    if (ipc_user_drop("65534", "65534") != 0) return 2;
    if (write(ends[1], "x", 1) != 1 || pthread_join(thread, &ok) != 0) return 3;
    return ok ? 0 : 4;
}

static int not_for_root(void) { return ipc_user_drop("root", NULL) == PERLIPC_E_INVALID ? 0 : 1; }

TEST(drop_as_root) {
    if (getuid() != 0) SKIP("needs root");
    SAME(code_of(by_number), 0);
    SAME(code_of(by_name), 0);
    SAME(code_of(every_thread_of_it), 0);
    SAME(code_of(not_for_root), 0);
}

static int without_right(void) {
    if (getuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) return 1;
    if (ipc_user_drop("1", "1") != -EPERM) return 2;
    return strcmp(ipc_error_last_step(), "setgroups") == 0 ? 0 : 3;
}

TEST(drop_without_the_right) { SAME(code_of(without_right), 0); }

TEST(drop_refuses_what_is_no_user) {
    FAILS(ipc_user_drop("nobody-of-that-name", NULL), PERLIPC_E_INVALID, "user");
    FAILS(ipc_user_drop("4000000000", NULL), PERLIPC_E_INVALID, "user"); /* unknown: its group must be said */
    FAILS(ipc_user_drop("65534", "no-such-group"), PERLIPC_E_INVALID, "group");
    FAILS(ipc_user_drop(NULL, NULL), PERLIPC_E_INVALID, "user");
    FAILS(ipc_user_drop("\xff", NULL), PERLIPC_E_INVALID, "user");
}

/* Becomes a daemon in a forked child and writes what it finds into a file. */
static const char *found;

static int as_daemon(const char *options) {
    char before[256], here[256];
    if (!getcwd(before, sizeof before)) return 1;
    int32_t result = ipc_daemon_start(options);
    if (result != 0) return result == 1 ? 77 : 2;
    FILE *file = fopen(found, "we");
    if (!file || !getcwd(here, sizeof here)) _exit(3);
    struct stat null, out;
    stat("/dev/null", &null);
    umask(umask(0));
    mode_t mask = umask(0);
    fprintf(file, "cwd %s leader %d terminal %d null %d mask %o\n", strcmp(here, before) ? here : "same",
            getsid(0) == getpid(), open("/dev/tty", O_RDWR) >= 0, fstat(1, &out) == 0 && out.st_rdev == null.st_rdev, mask);
    fclose(file);
    /* The end of the pipe that it holds tells the test that the file is written. */
    _exit(0);
}

static int plain(void) { return as_daemon(NULL); }
static int words(void) { return as_daemon("nochdir,noclose,umask=027,keep"); }

static const char *daemon_says(int (*body)(void), int32_t code) {
    static char text[256];
    int ends[2];
    char byte;
    text[0] = 0;
    found = in_room("daemon");
    unlink(found);
    SAME(pipe(ends), 0);
    SAME(code_of(body), code);
    close(ends[1]);
    SAME(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    FILE *file = fopen(found, "re");
    CHECK(file && fgets(text, sizeof text, file));
    if (file) fclose(file);
    return text;
}

TEST(daemons) {
    CHECK(chdir("/usr") == 0);
    mode_t before = umask(022);
    TEXT(daemon_says(plain, 0), "cwd / leader 0 terminal 0 null 1 mask 22\n");
    TEXT(daemon_says(words, 77), "cwd same leader 0 terminal 0 null 0 mask 27\n");
    umask(before);
}

static void *stay(void *arg) {
    char byte;
    return read(*(int *)arg, &byte, 1) ? arg : NULL;
}

TEST(daemons_that_are_refused) {
    FAILS(ipc_daemon_start("nosuch"), PERLIPC_E_INVALID, "daemon");
    FAILS(ipc_daemon_start("umask=9"), PERLIPC_E_INVALID, "daemon");
    FAILS(ipc_daemon_start("\xff"), PERLIPC_E_INVALID, "daemon");
    int ends[2];
    pthread_t thread;
    SAME(pipe2(ends, O_CLOEXEC), 0);
    SAME(pthread_create(&thread, NULL, stay, &ends[0]), 0);
    FAILS(ipc_daemon_start("keep"), PERLIPC_E_THREADS, "daemon");
    close(ends[1]);
    SAME(pthread_join(thread, NULL), 0);
    close(ends[0]);
}

/* docs/after-fork.md: the whole library works in the child of a process with one thread. */

static int32_t note(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name;
    ++*(int *)userdata;
    return 0;
}

static int everything(void) {
    ipc_capture *capture;
    ipc_stream *stream, *writer;
    const char *line;
    int32_t status, runs = 0;
    size_t len;
    ipc_cmd *cmd = CMD("echo", "child's child"), *quiet = CMD("true");
    if (ipc_cmd_run(quiet, -1, &status) != 0 || status != 0) return 1;
    if (ipc_capture_run(cmd, NULL, 0, -1, &capture) != 0 || !ipc_capture_output(capture, &len) || len != 14) return 2;
    if (ipc_popen_start(cmd, "-|", &stream) <= 0 || ipc_stream_readline(stream, &line) != 14) return 3;
    if (ipc_stream_close(stream, &status) != 0 || status != 0) return 4;
    if (ipc_pipe_new(&stream, &writer) != 0 || ipc_stream_write(writer, "x\n", 2) != 2) return 5;
    if (ipc_stream_readline(stream, &line) != 2) return 6;
    if (ipc_signal_handle("USR1", note, &runs) != 0 || kill(getpid(), SIGUSR1) != 0) return 7;
    if (ipc_signal_dispatch(0) != 1 || runs != 1) return 8;
    return ipc_wait_any(0, &status) == -ECHILD ? 0 : 9;
}

TEST(after_fork_everything_works) { SAME(code_of(everything), 0); }

static ipc_stream *inherited;
static int got_signal;

static int what_is_inherited(void) {
    /* Bytes that the parent has pending are the parent's: the child does not write them again. */
    if (ipc_stream_write(inherited, "child\n", 6) != 6 || ipc_stream_flush(inherited) != 0) return 1;
    /* A signal that was pending for the parent is the parent's; handlers are inherited. */
    if (ipc_signal_dispatch(0) != 0 || got_signal) return 2;
    if (kill(getpid(), SIGUSR2) != 0 || ipc_signal_dispatch(0) != 1 || !got_signal) return 3;
    return 0;
}

TEST(after_fork_what_is_pending_is_the_parents) {
    ipc_stream *in;
    const char *line;
    SAME(ipc_pipe_new(&in, &inherited), 0);
    SAME(ipc_stream_autoflush(inherited, 0), 0);
    SAME(ipc_stream_write(inherited, "parent\n", 7), 7);
    SAME(ipc_signal_handle("USR2", note, &got_signal), 0);
    got_signal = 0;
    SAME(kill(getpid(), SIGUSR2), 0);
    SAME(code_of(what_is_inherited), 0);
    SAME(got_signal, 1); /* here, while the child was waited for */
    SAME(ipc_stream_close(inherited, NULL), 0);
    SAME(ipc_stream_readline(in, &line), 6);
    TEXT(line, "child\n");
    SAME(ipc_stream_readline(in, &line), 7);
    TEXT(line, "parent\n");
    SAME(ipc_stream_readline(in, &line), 0);
    SAME(ipc_signal_default("USR2"), 0);
    ipc_stream_free(in);
    ipc_stream_free(inherited);
}

static int exits_by_return(void) {
    /* exit(3) runs atexit handlers and flushes what the parent had buffered (ipc_fork flushed it before). */
    exit(21);
}

static int by_signal(void) {
    raise(SIGKILL);
    return 0;
}

TEST(after_fork_how_a_child_ends) {
    SAME(code_of(exits_by_return), 21);
    SAME(code_of(by_signal), PERLIPC_E_STATUS);
}
