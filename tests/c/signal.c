/* %SIG: names, handlers that run in blocking calls and in dispatch, never inside a signal. */
#include "check.h"
#include <sched.h>
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

TEST(what_is_ignored_is_inherited) {
    SAME(ipc_signal_handle("USR2", count, NULL), 0);
    ran = 0;
    SAME(kill(getpid(), SIGUSR2), 0);
    SAME(ipc_signal_ignore("USR2"), 0); /* what has arrived its handler gets first */
    SAME(ran, 1);
    SAME(kill(getpid(), SIGUSR2), 0);
    SAME(ipc_signal_dispatch(0), 0);
    SAME(ran, 1);
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

static int32_t change_errno(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    FAILS(ipc_signal_kill("0", 0x3fffffff), -ESRCH, "kill");
    errno = EXDEV;
    return 0;
}

TEST(errno_outlives_a_handler) {
    SAME(ipc_signal_handle("USR1", change_errno, NULL), 0);
    errno = ENOTTY;
    CHECK(ipc_signal_kill("USR1", getpid()) == 1 && errno == ENOTTY);
    SAME(ipc_signal_default("USR1"), 0);
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
    SAME(ran, 1); /* what is sent to this process itself has been handled */
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

TEST(dispositions_in_words_saved_and_restored) {
    ipc_saved *outer, *inner, *none = (ipc_saved *)1;
    TEXT(ipc_signal_disposition("USR1"), "DEFAULT");
    SAME(ipc_signal_save("USR1", &outer), 0);
    SAME(ipc_signal_handle("USR1", count, NULL), 0);
    TEXT(ipc_signal_disposition("USR1"), "HANDLER");
    SAME(ipc_signal_save("USR1", &inner), 0);
    SAME(ipc_signal_ignore("USR1"), 0);
    TEXT(ipc_signal_disposition("USR1"), "IGNORE");
    SAME(ipc_signal_restore(inner), 0);
    TEXT(ipc_signal_disposition("USR1"), "HANDLER");
    ran = 0;
    SAME(ipc_signal_kill("USR1", getpid()), 1);
    SAME(ran, 1);
    SAME(ipc_signal_restore(outer), 0);
    TEXT(ipc_signal_disposition("USR1"), "DEFAULT");
    SAME(ipc_signal_restore(NULL), 0);
    CHECK(ipc_signal_disposition("NOSUCH") == NULL);
    SAME(errno, EINVAL);
    FAILS(ipc_signal_save("KILL", &none), PERLIPC_E_INVALID, "signal");
    CHECK(none == NULL);
}

TEST(queued_signals_are_taken_one_by_one) {
    int32_t pid = 0, code = 7;
    uint32_t uid = 1;
    int64_t value = 0;
    SAME(ipc_signal_queue("USR1"), 0);
    TEXT(ipc_signal_disposition("USR1"), "QUEUE");
    FAILS(ipc_signal_next(0), -ETIMEDOUT, ipc_error_last_step());
    SAME(ipc_signal_sigqueue("USR1", getpid(), 4242), 1);
    SAME(ipc_signal_pending("USR1"), 1);
    SAME(ipc_signal_next(1000), SIGUSR1);
    SAME(ipc_signal_sender(&pid, &uid, &value), 1);
    SAME(pid, getpid());
    SAME(uid, getuid());
    SAME(value, 4242);
    SAME(ipc_signal_code(&code), SIGUSR1);
    SAME(code, SI_QUEUE);
    SAME(ipc_signal_pending("USR1"), 0);
    SAME(ipc_signal_default("USR1"), 0);
    SAME(ipc_signal_queue("KILL"), PERLIPC_E_INVALID);
    SAME(ipc_signal_next(0), PERLIPC_E_INVALID); /* nothing is queued any more */
    SAME(ipc_signal_sigqueue("USR1", 0x3fffffff, 1), -ESRCH);
}

TEST(blocked_signals_wait) {
    SAME(ipc_signal_handle("USR1", count, NULL), 0);
    ran = 0;
    SAME(ipc_signal_block("USR1"), 1);
    SAME(ipc_signal_block("USR1"), 0);
    SAME(ipc_signal_blocked("USR1"), 1);
    SAME(ipc_signal_kill("USR1", getpid()), 1);
    SAME(ran, 0);
    SAME(ipc_signal_pending("USR1"), 1);
    SAME(ipc_signal_suspend("USR1", 1000), 1);
    SAME(ran, 1);
    SAME(ipc_signal_blocked("USR1"), 1); /* as before */
    SAME(ipc_signal_kill("USR1", getpid()), 1);
    SAME(ipc_signal_unblock("USR1"), 1);
    SAME(ran, 2);
    SAME(ipc_signal_suspend("USR1", 0), 0);
    SAME(ipc_signal_block("NOSUCH"), PERLIPC_E_INVALID);
    SAME(ipc_signal_unblock("NOSUCH"), PERLIPC_E_INVALID);
    SAME(ipc_signal_blocked("NOSUCH"), PERLIPC_E_INVALID);
    SAME(ipc_signal_pending("NOSUCH"), PERLIPC_E_INVALID);
    SAME(ipc_signal_default("USR1"), 0);
}

TEST(alarm_sleep_and_the_due_word) {
    const uint64_t *due = ipc_signal_due_word();
    CHECK(due && *due == 0);
    SAME(ipc_signal_take_over(), 0);
    SAME(ipc_signal_handle("ALRM", count, NULL), 0);
    ran = 0;
    /* Again and again: what comes before the sleep has begun does not cut it. */
    SAME(ipc_signal_alarm(20, 20), 0);
    int64_t left = ipc_signal_sleep(20000);
    CHECK(ipc_signal_alarm(0, 0) >= 0);
    CHECK(left > 0 && left <= 20000);
    CHECK(ran >= 1);
    ipc_signal_dispatch(0);
    SAME(ipc_signal_sleep(1), 0);
    SAME(ipc_signal_alarm(20, 20), 0);
    left = ipc_signal_sleep(INT64_MAX);
    CHECK(ipc_signal_alarm(0, 0) >= 0);
    ipc_signal_dispatch(0);
    CHECK(left > INT64_MAX - 20000 && left < INT64_MAX);
    SAME(ipc_signal_alarm(60000, 0), 0);
    left = ipc_signal_alarm(0, 0);
    CHECK(left > 50000 && left <= 60000);
    SAME(ipc_signal_alarm(-1, 0), PERLIPC_E_INVALID);
    SAME(ipc_signal_sleep(-1), PERLIPC_E_INVALID);
    SAME(kill(getpid(), SIGALRM), 0);
    CHECK(PERLIPC_SIGNAL_DUE(due));
    SAME(ipc_signal_dispatch(0), 1);
    CHECK(!PERLIPC_SIGNAL_DUE(due));
    SAME(ipc_signal_default("ALRM"), 0);
}

TEST(many_targets) {
    int32_t none = 0x3fffffff, pids[2] = {getpid(), none};
    SAME(ipc_signal_kill_all("0", pids, 2), 1);
    SAME(errno, ESRCH);
    SAME(ipc_signal_kill_all("0", pids, 1), 1);
    SAME(errno, 0);
    SAME(ipc_signal_kill_all("0", &none, 1), 0);
    SAME(errno, ESRCH);
    pids[0] = -1, pids[1] = none; /* "-0" of a negative number is no process at all */
    SAME(ipc_signal_kill_all("-0", pids, 2), -EINVAL);
    SAME(ipc_signal_kill_all("NOSUCH", pids, 2), PERLIPC_E_INVALID);
    SAME(ipc_signal_kill_all("0", pids, SIZE_MAX / 2), PERLIPC_E_INVALID);
}

/* A storm: signals of eight kinds from four processes, with sixteen threads in blocking calls, any of which the kernel may
 * pick, while the handlers of seven kinds are changed, saved and restored. What is sent of the eighth is counted. */
enum { KINDS = 8, SENDERS = 4, CROWD = 16 };
static const char *const kinds[KINDS] = {"HUP", "INT", "USR1", "USR2", "TERM", "WINCH", "URG", "RTMIN+2"};
static int64_t arrived[KINDS];

static int32_t add_up(int32_t signo, const char *name, void *userdata) {
    int64_t *sum = userdata;
    int32_t pid;
    (void)name;
    int32_t n = ipc_signal_sender(&pid, NULL, NULL);
    CHECK(n > 0 && pid >= 0 && signo > 0); /* 0: the queue was full, and the kernel forgot who sent it */
    *sum += n;
    return 0;
}

static int over;

static void *in_the_crowd(void *arg) {
    ipc_stream *reader, *writer;
    char byte;
    (void)arg;
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_stream_timeout(reader, 2), 0);
    while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) SAME(ipc_stream_read(reader, &byte, 1), -ETIMEDOUT);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    return NULL;
}

TEST(storm) {
    const char *soak = getenv("PERLIPC_SOAK");
    int each = (soak && *soak == '1' ? 1000000 : 100000) / SENDERS, ended = 0;
    pthread_t crowd[CROWD];
    pid_t self = getpid();
    for (int k = 0; k < KINDS; k++) SAME(ipc_signal_handle(kinds[k], add_up, &arrived[k]), 0);
    for (int i = 0; i < SENDERS; i++) {
        pid_t pid = fork();
        if (pid != 0) continue;
        int numbers[KINDS];
        for (int k = 0; k < KINDS; k++) numbers[k] = ipc_signal_number(kinds[k]);
        for (int n = 0; n < each; n++)
            /* Of kill the kernel merges what does not fit into its queue; sigqueue says so, and is tried again. */
            while (sigqueue(self, numbers[n % KINDS], (union sigval){0}) != 0 && errno == EAGAIN) sched_yield();
        _exit(0);
    }
    for (int i = 0; i < CROWD; i++) SAME(pthread_create(&crowd[i], NULL, in_the_crowd, NULL), 0);
    for (unsigned round = 0; ended < SENDERS; round++) {
        const char *kind = kinds[round % (KINDS - 1)];
        ipc_saved *saved;
        SAME(ipc_signal_save(kind, &saved), 0);
        if (round % 3 == 0) SAME(ipc_signal_ignore(kind), 0);
        if (round % 3 == 1) SAME(ipc_signal_queue(kind), 0);
        if (round % 3 == 1) CHECK(ipc_signal_next(0) != 0);
        if (round % 3 == 2) SAME(ipc_signal_handle(kind, add_up, &arrived[round % (KINDS - 1)]), 0);
        CHECK(ipc_signal_dispatch(1) >= 0);
        SAME(ipc_signal_restore(saved), 0);
        ended += waitpid(-1, NULL, WNOHANG) > 0;
    }
    __atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < CROWD; i++) SAME(pthread_join(crowd[i], NULL), 0);
    CHECK(ipc_signal_dispatch(0) >= 0);
    SAME(arrived[KINDS - 1], SENDERS * (each / KINDS));
    for (int k = 0; k < KINDS; k++) {
        int64_t before = arrived[k];
        CHECK(before > 0);
        SAME(ipc_signal_kill(kinds[k], self), 1);
        SAME(arrived[k], before + 1);
        SAME(ipc_signal_pending(kinds[k]), 0);
        SAME(ipc_signal_default(kinds[k]), 0);
    }
}

/* In a forked child: what is trapped ends the process, and the descriptor stays for its life. */
static int32_t status_of_fork(void (*body)(void)) {
    ipc_child *child;
    int32_t status = -1, pid = ipc_fork(&child);
    if (pid == 0) {
        body();
        _exit(0);
    }
    SAME(ipc_child_wait(child, 20000, &status), 0);
    ipc_child_free(child);
    return status;
}

static void readable_when_due(void) {
    char byte;
    int fd = ipc_signal_fd();
    if (fd < 3 || ipc_signal_handle("USR1", count, NULL) != 0) _exit(1);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || kill(getpid(), SIGUSR1) != 0) _exit(2);
    if (read(fd, &byte, 1) != 1 || ipc_signal_dispatch(0) != 1) _exit(3);
}

static void trapped(void) {
    close(2);
    if (open("/dev/null", O_WRONLY) != 2 || ipc_signal_trap("error-signals") != 0) _exit(1);
    raise(SIGSEGV);
}

static void last_act(int32_t signo, void *userdata) {
    (void)userdata;
    _exit(signo == SIGTERM ? 33 : 1);
}

static void trapped_with_a_last_act(void) {
    close(2);
    if (open("/dev/null", O_WRONLY) != 2 || ipc_signal_trap_handle("TERM", last_act, NULL) != 0) _exit(1);
    raise(SIGTERM);
}

TEST(descriptor_and_traps) {
    SAME(status_of_fork(readable_when_due), 0);
    SAME(ipc_status_signal(status_of_fork(trapped)), SIGSEGV);
    SAME(ipc_status_code(status_of_fork(trapped_with_a_last_act)), 33);
    SAME(ipc_signal_trap("no-such-word"), PERLIPC_E_INVALID);
}
