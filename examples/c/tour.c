/* A tour of perlipc from C: pipes, backticks, errors that name their step, deadlines that end whole trees, statuses,
 * signals, a dialogue on a terminal, a server that forks, a value that processes share, a poll set.
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

/* $/ = "" and then $/ = "\n": a header is a paragraph, what follows are lines; peek looks and takes nothing. */
static void header(void) {
    section("A message, looked at before it is read, its header whole and its body by lines:");
    const char *argv[] = {"printf", "From: camel\nTo: llama\n\n\nthe body\nthat follows\n", NULL}, *line;
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    ipc_stream *mail;
    char first[5];
    if (ipc_popen_start(cmd, "-|", &mail) < 0 || ipc_stream_peek(mail, first, sizeof first) != sizeof first) give_up();
    printf("  it begins with %.5s\n", first);
    if (ipc_stream_separator(mail, "", 0) < 0 || ipc_stream_readline(mail, &line) <= 0) give_up();
    int fields = 0;
    for (const char *at = line; (at = strchr(at, ':')); at++) fields++;
    printf("  a header of %d fields\n", fields);
    if (ipc_stream_separator(mail, "\n", 1) < 0) give_up();
    int64_t len;
    while ((len = ipc_stream_readline(mail, &line)) > 0) printf("  %s", line);
    if (len < 0 || ipc_stream_close(mail, NULL) < 0) give_up();
    ipc_stream_free(mail);
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

/* A dialogue: the login asks its terminal, and expect waits for each question. */
static void dialogue(void) {
    section("A login that believes it talks to a terminal:");
    ipc_cmd *login = ipc_cmd_shell("printf 'name? '; read -r name; printf 'word? '; stty -echo; read -r word;"
                                   " echo; test -t 0 && echo \"welcome, $name\"");
    ipc_stream *terminal;
    ipc_expect *asked = ipc_expect_new(), *welcome = ipc_expect_new();
    if (ipc_pty_open(login, 24, 80, &terminal) < 0) give_up();
    ipc_expect_text(asked, "? ", 2);
    ipc_expect_regex(welcome, "welcome, (\\w+)");
    const char *answers[] = {"camel\n", "hump\n"};
    for (int i = 0; i < 2; i++) {
        if (ipc_expect_wait(asked, terminal, 5000) < 0) give_up();
        if (ipc_stream_write(terminal, answers[i], strlen(answers[i])) < 0) give_up();
    }
    if (ipc_expect_wait(welcome, terminal, 5000) < 0) give_up();
    size_t len;
    const char *name = ipc_expect_match(terminal, 1, &len);
    printf("  it let %.*s in\n", (int)len, name);
    int32_t status;
    if (ipc_stream_close(terminal, &status) < 0) give_up();
    ipc_stream_free(terminal);
    ipc_expect_free(asked);
    ipc_expect_free(welcome);
    ipc_cmd_free(login);
}

/* In a process of its own for each client, which has the client as 0 and 1. */
static int32_t shout(int32_t client, void *userdata) {
    (void)client, (void)userdata;
    char line[64];
    if (!fgets(line, sizeof line, stdin)) return 1;
    for (char *c = line; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c -= 32;
    return fputs(line, stdout) < 0;
}

/* The clients of the server below, in a process of their own: they stop it when they are done. */
static void ask(int32_t port) {
    char service[16];
    const char *line;
    snprintf(service, sizeof service, "%d", port);
    for (int i = 0; i < 3; i++) {
        ipc_stream *server;
        if (ipc_tcp_connect("127.0.0.1", service, NULL, 5000, &server) < 0) give_up();
        if (ipc_stream_write(server, "from a client\n", 14) < 0 || ipc_stream_readline(server, &line) <= 0) give_up();
        printf("  %s", line);
        ipc_stream_free(server);
    }
    if (ipc_signal_kill("TERM", getppid()) < 0) give_up();
}

/* The manual's server, which forks for each client; TERM lets it finish what it has accepted. */
static void server(void) {
    section("A server that forks, and three clients, one of which stops it:");
    ipc_listener *listener;
    ipc_child *clients;
    if (ipc_tcp_listen("127.0.0.1", "0", NULL, &listener) < 0) give_up();
    int32_t port = ipc_listener_port(listener), status;
    ipc_server *server = ipc_server_new(listener);
    if (ipc_server_handler(server, shout, NULL) < 0 || ipc_server_drain(server, "TERM", 5000) < 0) give_up();
    int32_t pid = ipc_fork(&clients);
    if (pid < 0) give_up();
    if (pid == 0) {
        ask(port);
        fflush(stdout);
        _exit(0);
    }
    if (ipc_server_run(server) < 0) give_up();
    if (ipc_child_wait(clients, 5000, &status) < 0) give_up();
    printf("  it has served %d, and the clients' process %s\n", (int)ipc_server_count(server, "ok"), in_words(status));
    ipc_child_free(clients);
    ipc_server_free(server);
}

/* What the manual says cannot be done: a variable that processes share. */
static void shared(void) {
    section("A counter that four processes share, each adding 1000:");
    ipc_value *counter;
    int32_t sum = 0, status;
    if (ipc_value_open(NULL, sizeof sum, 0600, &counter) < 0) give_up();
    if (ipc_value_write(counter, &sum, sizeof sum) < 0) give_up();
    for (int i = 0; i < 4; i++) {
        ipc_child *child;
        int32_t pid = ipc_fork(&child);
        if (pid < 0) give_up();
        if (pid == 0) {
            for (int k = 0; k < 1000; k++) {
                if (ipc_value_take(counter, -1) < 0 || ipc_value_read(counter, &sum, sizeof sum) < 0) _exit(1);
                sum++;
                if (ipc_value_write(counter, &sum, sizeof sum) < 0 || ipc_value_give(counter) < 0) _exit(1);
            }
            _exit(0);
        }
        ipc_child_free(child);
    }
    for (int i = 0; i < 4; i++)
        if (ipc_wait_any(10000, &status) < 0) give_up();
    if (ipc_value_read(counter, &sum, sizeof sum) < 0) give_up();
    printf("  it stands at %d\n", sum);
    ipc_value_free(counter);
}

/* Who speaks first is heard first; half a line is not told. */
static void heard(void) {
    section("Two commands, heard as they speak:");
    const char *scripts[] = {"printf 'the slow '; sleep 0.2; echo one |", "echo the quick one |"};
    ipc_stream *streams[2];
    ipc_poll *set = ipc_poll_new();
    for (int i = 0; i < 2; i++)
        if (ipc_popen_open(scripts[i], &streams[i]) < 0 || ipc_poll_stream(set, streams[i], PERLIPC_LINE, i) < 0) give_up();
    for (int open = 2; open > 0;) {
        int64_t tag;
        uint32_t events;
        const char *line;
        if (ipc_poll_next(set, 5000, &tag, &events) < 0) give_up();
        int64_t len = ipc_stream_readline(streams[tag], &line);
        if (len > 0) {
            printf("  %s", line);
        } else {
            if (len < 0 || ipc_poll_remove(set, tag) < 0 || ipc_stream_close(streams[tag], NULL) < 0) give_up();
            ipc_stream_free(streams[tag]);
            open--;
        }
    }
    ipc_poll_free(set);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("perlipc %s, from C\n", ipc_version_string());
    pipeline();
    backtick();
    writer();
    header();
    errors();
    deadline();
    statuses();
    deferred();
    ignored();
    timeout();
    reaper();
    dialogue();
    server();
    shared();
    heard();
    return 0;
}
