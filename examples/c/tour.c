/* A tour of perlipc from C: pipes, backticks, errors that name their step, deadlines that end whole trees, statuses,
 * signals.
 *
 *     cc tour.c -Iinclude -Lbuild/lib -lperlipc -Wl,-rpath,$PWD/build/lib -o tour && ./tour */
#include <perlipc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void section(const char *title) { printf("\n%s\n", title); }

/* What failed last in this thread, as one line. */
static void give_up(void) {
    fprintf(stderr, "tour: %s\n", ipc_error_last_text());
    exit(1);
}

static const char *in_words(int32_t status) {
    static char text[64];
    return ipc_status_text(status, text, sizeof text) < 0 ? "?" : text;
}

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A pipeline, read line by line: open(FH, "cmd |"). Lines are borrowed, not copied. */
static void pipeline(void) {
    section("The protocols of /etc/services, counted by a pipeline:");
    ipc_stream *counts;
    if (ipc_popen_open("awk '$2 ~ \"/\" {sub(\".*/\", \"\", $2); print $2}' /etc/services | sort | uniq -c | sort -rn |", &counts) < 0)
        give_up();
    const char *line;
    int64_t len;
    while ((len = ipc_stream_readline(counts, &line)) > 0) printf("  %s", line);
    int32_t status;
    if (len < 0 || ipc_stream_close(counts, &status) < 0) give_up();
    printf("  and the pipeline %s\n", in_words(status));
    ipc_stream_free(counts);
}

/* Backticks without a shell: no word of the list is ever interpreted. */
static void backtick(void) {
    section("A backtick that nobody can inject into:");
    const char *argv[] = {"printf", "  the argument was: %s\n", "$(rm -rf ~); `id` > /etc/passwd", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    ipc_capture *said;
    if (ipc_capture_run(cmd, NULL, 0, 5000, &said) < 0) give_up();
    size_t len;
    const void *bytes = ipc_capture_output(said, &len);
    fwrite(bytes, 1, len, stdout);
    printf("  and printf %s\n", in_words(ipc_capture_status(said)));
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
}

/* Writing to a command: open(FH, "|-", LIST). Close flushes, waits, and gives the status. */
static void writer(void) {
    section("Written to a command, in any order, and read by sort:");
    fflush(stdout);
    const char *argv[] = {"sort", NULL}, *words[] = {"  gamma\n", "  alpha\n", "  beta\n"};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    ipc_stream *sort;
    if (ipc_popen_start(cmd, "|-", &sort) < 0) give_up();
    for (int i = 0; i < 3; i++)
        if (ipc_stream_write(sort, words[i], strlen(words[i])) < 0) give_up();
    int32_t status;
    if (ipc_stream_close(sort, &status) < 0) give_up();
    ipc_stream_free(sort);
    ipc_cmd_free(cmd);
}

/* A program that cannot be run is an error at once; it names the step, the file and the reason. */
static void errors(void) {
    section("Errors say which step failed, on what, and why:");
    ipc_child *child;
    ipc_cmd *cmd = ipc_cmd_new("/no/such/program");
    int32_t result = ipc_cmd_start(cmd, &child);
    printf("  %s (%s)\n", ipc_error_last_text(), ipc_error_name(result));
    ipc_cmd_free(cmd);
    cmd = ipc_cmd_new("true");
    ipc_cmd_dir(cmd, "/no/such/dir");
    result = ipc_cmd_start(cmd, &child);
    printf("  %s (%s)\n", ipc_error_last_text(), ipc_error_name(result));
    ipc_cmd_free(cmd);
}

/* A deadline ends a command with all that it has started; what it said until then is there. */
static void deadline(void) {
    section("A command with children of its own, ended at its deadline of 300 ms:");
    ipc_cmd *cmd = ipc_cmd_shell("echo '  working'; sleep 100 & sleep 100 & trap '' TERM; sleep 100; wait");
    ipc_cmd_grace(cmd, 200);
    ipc_capture *said;
    double start = milliseconds();
    int32_t result = ipc_capture_run(cmd, NULL, 0, 300, &said);
    if (!said) give_up();
    size_t len;
    const void *bytes = ipc_capture_output(said, &len);
    fwrite(bytes, 1, len, stdout);
    printf("  %s: %s, after %.1f s\n", ipc_error_name(result), in_words(ipc_capture_status(said)),
           (milliseconds() - start) / 1e3);
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
}

/* $? in words, as a code and as a signal. */
static void statuses(void) {
    section("Statuses:");
    const char *scripts[] = {"exit 0", "exit 3", "kill -TERM $$", "kill -KILL $$"};
    for (int i = 0; i < 4; i++) {
        const char *argv[] = {"sh", "-c", scripts[i], NULL};
        ipc_cmd *cmd = ipc_cmd_argv(argv);
        int32_t status;
        if (ipc_cmd_run(cmd, -1, &status) < 0) give_up();
        printf("  %-14s %-16s $? %5d, for a shell %3d\n", scripts[i], in_words(status), status, ipc_status_shell(status));
        ipc_cmd_free(cmd);
    }
}

/* A handler that goes on: it runs inside the blocking call, never inside the signal, so it may print. */
static int32_t announce(int32_t signo, const char *name, void *userdata) {
    (void)signo;
    printf("  SIG%s, %s\n", name, (const char *)userdata);
    return 0;
}

/* A handler that gives up what it interrupted: Perl's die. */
static int32_t die(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

/* $SIG{USR1} = sub { ... }: deferred to where it can do no harm. The read that it interrupts goes on. */
static void deferred(void) {
    section("A handler that prints in the middle of a read, which goes on:");
    if (ipc_signal_handle("USR1", announce, "while we wait for a line") < 0) give_up();
    char command[96];
    snprintf(command, sizeof command, "sleep 0.1; kill -USR1 %d; sleep 0.1; echo '  and the line came' |", (int)getpid());
    ipc_stream *slow;
    const char *line;
    if (ipc_popen_open(command, &slow) < 0 || ipc_stream_readline(slow, &line) < 0) give_up();
    printf("%s", line);
    if (ipc_stream_close(slow, NULL) < 0 || ipc_signal_default("USR1") < 0) give_up();
    ipc_stream_free(slow);
}

/* { local $SIG{INT} = 'IGNORE'; ... }: until the scope ends. */
static void ignored(void) {
    section("Ctrl-C, ignored for a while:");
    ipc_saved *saved;
    if (ipc_signal_save("INT", &saved) < 0 || ipc_signal_ignore("INT") < 0) give_up();
    if (ipc_signal_kill("INT", getpid()) < 0) give_up();
    printf("  still here: INT is %s,", ipc_signal_disposition("INT"));
    if (ipc_signal_restore(saved) < 0) give_up();
    printf(" and then %s again\n", ipc_signal_disposition("INT"));
}

/* eval { local $SIG{ALRM} = sub { die }; alarm 0.2; ...; alarm 0 }: around any call that blocks. */
static void timeout(void) {
    section("A read that nothing would end, given up by an alarm of 200 ms:");
    ipc_saved *saved;
    ipc_stream *reader, *writer;
    if (ipc_pipe_new(&reader, &writer) < 0) give_up();
    if (ipc_signal_save("ALRM", &saved) < 0 || ipc_signal_handle("ALRM", die, NULL) < 0) give_up();
    double start = milliseconds();
    ipc_signal_alarm(200, 0);
    const char *line;
    int64_t result = ipc_stream_readline(reader, &line);
    ipc_signal_alarm(0, 0);
    printf("  %s, after %.1f s\n", ipc_error_name((int32_t)result), (milliseconds() - start) / 1e3);
    if (ipc_signal_restore(saved) < 0) give_up();
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}

static int codes[3], kids;

/* $SIG{CHLD} = sub { while ((my $kid = waitpid(-1, WNOHANG)) > 0) { $status{$kid} = $? } } */
static int32_t reap(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    int32_t status;
    while (kids < 3 && ipc_wait_pid(-1, 0, &status) > 0) codes[kids++] = ipc_status_code(status);
    return 0;
}

static void reaper(void) {
    section("Three children, and a reaper that hears of each:");
    if (ipc_signal_handle("CHLD", reap, NULL) < 0) give_up();
    const char *scripts[] = {"exit 1;", "sleep 0.1; exit 2;", "sleep 0.2; exit 3;"};
    for (int i = 0; i < 3; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(scripts[i]);
        ipc_child *child;
        if (ipc_cmd_start(cmd, &child) < 0) give_up();
        ipc_child_free(child);
        ipc_cmd_free(cmd);
    }
    while (kids < 3) ipc_signal_dispatch(1000); /* until one more has run */
    printf("  they exited with %d, %d and %d\n", codes[0], codes[1], codes[2]);
    if (ipc_signal_default("CHLD") < 0) give_up();
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("perlipc %s, from C\n", ipc_version_string());
    pipeline();
    backtick();
    writer();
    errors();
    deadline();
    statuses();
    deferred();
    ignored();
    timeout();
    reaper();
    return 0;
}
