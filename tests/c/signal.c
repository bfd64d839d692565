/* %SIG: names, handlers that run in blocking calls and in dispatch, never inside a signal. */
#include "check.h"
#include <sys/time.h>

static int ran, last_signo;
static char last_name[16];
static void *last_userdata;

static int32_t count(int32_t signo, const char *name, void *userdata) {
    ran++;
    last_signo = signo;
    snprintf(last_name, sizeof last_name, "%s", name);
    last_userdata = userdata;
    return 0;
}

static int32_t give_up(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    ran++;
    return 1;
}

/* ALRM comes once, at about that time; it does not matter whether the call that it meets has begun by then. */
static void alarm_in(int ms) {
    struct itimerval t = {{0, 0}, {ms / 1000, ms % 1000 * 1000}};
    ran = 0;
    setitimer(ITIMER_REAL, &t, NULL);
}

TEST(numbers_and_names) {
    static const struct { const char *name; int number; } known[] = {
        {"INT", SIGINT}, {"SIGINT", SIGINT}, {"2", SIGINT}, {"CLD", SIGCHLD}, {"CHLD", SIGCHLD}, {"IOT", SIGABRT},
        {"POLL", SIGIO}, {"RTMIN", 34}, {"RTMIN+1", 35}, {"NUM35", 35}, {"RTMAX", 64}, {"ZERO", 0}, {"0", 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) SAME(ipc_signal_number(known[i].name), known[i].number);
    TEXT(ipc_signal_name(SIGINT), "INT");
    TEXT(ipc_signal_name(SIGCHLD), "CHLD");
    TEXT(ipc_signal_name(35), "NUM35");
    TEXT(ipc_signal_name(0), "ZERO");
    CHECK(ipc_signal_name(65) == NULL);
    CHECK(ipc_signal_name(-1) == NULL);
    for (int n = 0; n <= 64; n++) SAME(ipc_signal_number(ipc_signal_name(n)), n);
    const char *none[] = {"", "int", "SIG", "SIGSIGINT", "65", "-1", "+2", "RTMIN+31", "RTMIN-1", "NUM31", "INT "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        FAILS(ipc_signal_number(none[i]), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_number(NULL), PERLIPC_E_INVALID, "signal");
}

TEST(dispatch_runs_what_is_due) {
    int mark = 0;
    SAME(ipc_signal_handle("USR1", count, &mark), 0);
    ran = 0;
    SAME(kill(getpid(), SIGUSR1), 0);
    SAME(ran, 0); /* never inside the signal */
    SAME(ipc_signal_dispatch(0), 1);
    SAME(ran, 1);
    SAME(last_signo, SIGUSR1);
    TEXT(last_name, "USR1");
    CHECK(last_userdata == &mark);
    SAME(ipc_signal_dispatch(0), 0);
    double start = now_ms();
    SAME(ipc_signal_dispatch(30), 0);
    CHECK(now_ms() - start >= 29);
    SAME(ipc_signal_handle("USR1", give_up, NULL), 0);
    SAME(kill(getpid(), SIGUSR1), 0);
    FAILS(ipc_signal_dispatch(-1), PERLIPC_E_HANDLER, "dispatch");
    SAME(ipc_signal_default("USR1"), 0);
}

TEST(dispatch_waits_for_one) {
    SAME(ipc_signal_handle("ALRM", count, NULL), 0);
    alarm_in(20);
    SAME(ipc_signal_dispatch(-1), 1);
    SAME(last_signo, SIGALRM);
    SAME(ipc_signal_default("ALRM"), 0);
}

TEST(a_blocked_read_goes_on_or_is_given_up) {
    ipc_stream *reader, *writer;
    char data[8];
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_signal_handle("ALRM", count, NULL), 0);
    SAME(ipc_stream_timeout(reader, 100), 0);
    alarm_in(20);
    FAILS(ipc_stream_read(reader, data, sizeof data), -ETIMEDOUT, "read");
    SAME(ran, 1);
    SAME(ipc_signal_handle("ALRM", give_up, NULL), 0);
    SAME(ipc_stream_timeout(reader, -1), 0);
    SAME(ipc_stream_write(writer, "half", 4), 4);
    const char *line = "x";
    alarm_in(20);
    FAILS(ipc_stream_readline(reader, &line), PERLIPC_E_HANDLER, "read");
    CHECK(line == NULL);
    SAME(ran, 1);
    /* What had come is still there. */
    SAME(ipc_stream_write(writer, "\n", 1), 1);
    SAME(ipc_stream_readline(reader, &line), 5);
    TEXT(line, "half\n");
    SAME(ipc_signal_default("ALRM"), 0);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}

TEST(waits_for_children_are_given_up_too) {
    ipc_cmd *cmd = CMD("sleep", "60");
    ipc_child *child;
    ipc_capture *capture;
    int32_t status = 0;
    SAME(ipc_signal_handle("ALRM", give_up, NULL), 0);
    SAME(ipc_cmd_grace(cmd, 0), 0);
    CHECK(ipc_cmd_start(cmd, &child) > 0);
    alarm_in(10);
    FAILS(ipc_child_wait(child, -1, &status), PERLIPC_E_HANDLER, "wait");
    SAME(status, -1);
    alarm_in(10);
    FAILS(ipc_wait_any(-1, &status), PERLIPC_E_HANDLER, "wait");
    alarm_in(10);
    FAILS(ipc_wait_pid(-1, -1, &status), PERLIPC_E_HANDLER, "wait");
    alarm_in(10);
    FAILS(ipc_wait_pid(ipc_child_pid(child), 5000, &status), PERLIPC_E_HANDLER, "wait");
    alarm_in(10);
    FAILS(ipc_cmd_run(cmd, -1, &status), PERLIPC_E_HANDLER, "system");
    SAME(ipc_status_signal(status), SIGKILL);
    alarm_in(10);
    FAILS(ipc_capture_run(cmd, NULL, 0, -1, &capture), PERLIPC_E_HANDLER, "capture");
    CHECK(capture != NULL);
    SAME(ipc_status_signal(ipc_capture_status(capture)), SIGKILL);
    SAME(ipc_capture_timed_out(capture), 0);
    ipc_capture_free(capture);
    SAME(ipc_child_end(child, 0, &status), 0);
    SAME(ipc_status_signal(status), SIGKILL);
    ipc_child_free(child);
    ipc_cmd_free(cmd);
    SAME(ipc_signal_default("ALRM"), 0);
}

static int32_t call_the_stream(int32_t signo, const char *name, void *userdata) {
    ipc_stream *s = userdata;
    char data[4];
    const char *line = "x", *base = "x";
    const uint64_t *ends;
    (void)signo, (void)name;
    ran++;
    FAILS(ipc_stream_read(s, data, sizeof data), PERLIPC_E_BUSY, "read");
    SAME(errno, EBUSY);
    FAILS(ipc_stream_read_full(s, data, sizeof data), PERLIPC_E_BUSY, "read");
    FAILS(ipc_stream_readline(s, &line), PERLIPC_E_BUSY, "read");
    CHECK(line == NULL);
    FAILS(ipc_stream_getline(s, data, sizeof data), PERLIPC_E_BUSY, "read");
    FAILS(ipc_stream_lines(s, &ends, &base), PERLIPC_E_BUSY, "read");
    FAILS(ipc_stream_eof(s), PERLIPC_E_BUSY, "read");
    FAILS(ipc_stream_separator(s, "x", 1), PERLIPC_E_BUSY, "read");
    FAILS(ipc_stream_close(s, NULL), PERLIPC_E_BUSY, "close");
    FAILS(ipc_stream_release(s), PERLIPC_E_BUSY, "release");
    return 1;
}

TEST(a_handler_inside_a_call_of_the_stream_finds_it_busy) {
    ipc_stream *reader, *writer;
    char data[8];
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_signal_handle("ALRM", call_the_stream, reader), 0);
    alarm_in(20);
    FAILS(ipc_stream_read(reader, data, sizeof data), PERLIPC_E_HANDLER, "read");
    SAME(ran, 1);
    /* And free again afterwards. */
    SAME(ipc_stream_write(writer, "ok", 2), 2);
    SAME(ipc_stream_read(reader, data, sizeof data), 2);
    SAME(ipc_stream_close(reader, NULL), 0);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    SAME(ipc_signal_default("ALRM"), 0);
}

static int32_t talk_elsewhere(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name;
    ran++;
    SAME(ipc_stream_write(userdata, "from the handler\n", 17), 17);
    TEXT(output_of(CMD("echo", "a command in a handler")), "a command in a handler\n");
    return 0;
}

TEST(a_handler_may_do_anything) {
    ipc_stream *reader, *writer;
    const char *line;
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_signal_handle("ALRM", talk_elsewhere, writer), 0);
    alarm_in(20);
    SAME(ipc_stream_readline(reader, &line), 17);
    TEXT(line, "from the handler\n");
    SAME(ran, 1);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    SAME(ipc_signal_default("ALRM"), 0);
}

TEST(what_cannot_be_handled_is_refused) {
    const char *never[] = {"KILL", "STOP", "SEGV", "BUS", "FPE", "ILL", "ZERO", "NUM32", "NOSUCH"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        FAILS(ipc_signal_handle(never[i], count, NULL), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_handle("INT", NULL, NULL), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_handle(NULL, count, NULL), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_ignore("KILL"), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_ignore(NULL), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_default("STOP"), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_default("x"), PERLIPC_E_INVALID, "signal");
}

TEST(ignoring_discards_what_is_pending) {
    SAME(ipc_signal_handle("USR2", count, NULL), 0);
    ran = 0;
    SAME(kill(getpid(), SIGUSR2), 0);
    SAME(ipc_signal_ignore("USR2"), 0);
    SAME(kill(getpid(), SIGUSR2), 0);
    SAME(ipc_signal_dispatch(0), 0);
    SAME(ran, 0);
    /* Children inherit what is ignored, as from a shell, unless the command puts it back. */
    SAME(ipc_status_signal(0), 0);
    TEXT(output_of(CMD("sh", "-c", "kill -USR2 $$; echo lives")), "lives\n");
    ipc_cmd *cmd = CMD("sh", "-c", "kill -USR2 $$; echo lives");
    SAME(ipc_cmd_option(cmd, "default", "USR2"), 0);
    TEXT(output_of(cmd), "");
    SAME(ipc_signal_default("USR2"), 0);
}

TEST(children_get_no_handlers) {
    SAME(ipc_signal_handle("USR1", count, NULL), 0);
    int32_t status = 0;
    ipc_cmd *cmd = CMD("sh", "-c", "kill -USR1 $$; echo lives");
    SAME(ipc_cmd_run(cmd, -1, &status), 0);
    SAME(ipc_status_signal(status), SIGUSR1);
    ipc_cmd_free(cmd);
    SAME(ipc_signal_default("USR1"), 0);
}

static void foreign(int signo) { (void)signo; }

TEST(foreign_handlers_end_calls_only_when_hosted) {
    struct sigaction old, new = {.sa_handler = foreign};
    ipc_stream *reader, *writer;
    char data[8];
    SAME(sigaction(SIGALRM, &new, &old), 0);
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_stream_timeout(reader, 60), 0);
    alarm_in(10);
    FAILS(ipc_stream_read(reader, data, sizeof data), -ETIMEDOUT, "read");
    SAME(ipc_signal_hosted(1), 0);
    SAME(ipc_stream_timeout(reader, -1), 0);
    alarm_in(10);
    FAILS(ipc_stream_read(reader, data, sizeof data), -EINTR, "read");
    SAME(ipc_signal_hosted(0), 0);
    SAME(sigaction(SIGALRM, &old, NULL), 0);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}

static void *not_the_signal_thread(void *arg) {
    SAME(ipc_signal_dispatch(-1), 0); /* at once, though it was told to wait */
    /* A signal aimed at this thread is run by the other one. */
    SAME(pthread_kill(pthread_self(), SIGUSR1), 0);
    until_asleep(*(pid_t *)arg);
    return NULL;
}

TEST(handlers_run_on_the_signal_thread) {
    pthread_t thread;
    pid_t self = gettid();
    SAME(ipc_signal_handle("USR1", count, NULL), 0);
    ran = 0;
    SAME(pthread_create(&thread, NULL, not_the_signal_thread, &self), 0);
    SAME(ipc_signal_dispatch(10000), 1);
    SAME(pthread_join(thread, NULL), 0);
    SAME(ran, 1);
    SAME(ipc_signal_default("USR1"), 0);
}

TEST(kill_sends) {
    SAME(ipc_signal_kill("0", getpid()), 1);
    SAME(ipc_signal_kill("ZERO", 0), 1);
    SAME(ipc_signal_handle("USR1", count, NULL), 0);
    ran = 0;
    SAME(ipc_signal_kill("USR1", getpid()), 1);
    SAME(ipc_signal_dispatch(-1), 1);
    SAME(ipc_signal_default("USR1"), 0);
    FAILS(ipc_signal_kill("TERM", 0x3fffffff), -ESRCH, "kill");
    TEXT(ipc_error_last_path(), "1073741823");
    FAILS(ipc_signal_kill("NOSUCH", getpid()), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_signal_kill(NULL, getpid()), PERLIPC_E_INVALID, "signal");
}

TEST(kill_reaches_a_group) {
    ipc_cmd *cmd = CMD("sleep", "60");
    ipc_child *one, *other;
    char group[16];
    int32_t status;
    SAME(ipc_cmd_option(cmd, "group", "0"), 0);
    int32_t leader = ipc_cmd_start(cmd, &one);
    CHECK(leader > 0);
    snprintf(group, sizeof group, "%d", leader);
    SAME(ipc_cmd_option(cmd, "group", group), 0);
    CHECK(ipc_cmd_start(cmd, &other) > 0);
    SAME(ipc_signal_kill("TERM", -leader), 1);
    SAME(ipc_child_wait(one, 10000, &status), 0);
    SAME(ipc_status_signal(status), SIGTERM);
    SAME(ipc_child_wait(other, 10000, &status), 0);
    SAME(ipc_status_signal(status), SIGTERM);
    ipc_child_free(one);
    ipc_child_free(other);
    ipc_cmd_free(cmd);
}

TEST(kill_of_somebody_else_is_refused) {
    if (getuid() != 0) {
        FAILS(ipc_signal_kill("0", 1), -EPERM, "kill");
        return;
    }
    ipc_child *child;
    int32_t status, pid = ipc_fork(&child);
    if (pid == 0) _exit(setuid(65534) == 0 && ipc_signal_kill("TERM", getppid()) == -EPERM ? 0 : 1);
    SAME(ipc_child_wait(child, 10000, &status), 0);
    SAME(status, 0);
    ipc_child_free(child);
}

TEST(a_broken_pipe_is_an_error_and_runs_a_handler_set_here) {
    ipc_stream *reader, *writer;
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_stream_close(reader, NULL), 0);
    FAILS(ipc_stream_write(writer, "x", 1), -EPIPE, "write"); /* and this process lives */
    SAME(ipc_signal_handle("PIPE", count, NULL), 0);
    ran = 0;
    FAILS(ipc_stream_write(writer, "x", 1), -EPIPE, "write");
    SAME(ran, 1);
    SAME(last_signo, SIGPIPE);
    SAME(ipc_signal_default("PIPE"), 0);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}
