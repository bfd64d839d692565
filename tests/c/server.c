/* Servers: a function in its own process, prefork, iterative; a command. */
#include "check.h"

static ipc_server *server;
static char port[16];
static int ended, ready;

static int32_t serves(int32_t client, void *data) {
    char line[64];
    (void)client;
    if (!fgets(line, sizeof line, stdin)) return 4;
    printf("served %s by %s", line, (char *)data);
    return 0;
}

static int32_t serves_here(int32_t client, void *data) {
    char line[64];
    ssize_t n = read(client, line, sizeof line);
    (void)data;
    return n > 0 && write(client, line, (size_t)n) == n ? 0 : 1;
}

static void told(const char *event, int32_t pid, int32_t status, const char *text, void *data) {
    (void)text, (void)data;
    if (!strcmp(event, "ready")) ready++;
    if (!strcmp(event, "end")) {
        ended++;
        CHECK(pid > 0 && status == 0);
    }
}

static ipc_server *new_server(void) {
    ipc_listener *l;
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    snprintf(port, sizeof port, "%d", ipc_listener_port(l));
    ended = ready = 0;
    return server = ipc_server_new(l);
}

/* A client in a process of its own, since a server with a function has one thread. It stops the server by its signal. */
static ipc_child *asks(const char *want) {
    ipc_child *kid;
    pid_t parent = getpid();
    int32_t pid = ipc_fork(&kid);
    if (pid) return kid;
    ipc_stream *s;
    const char *line;
    int bad = ipc_tcp_connect("127.0.0.1", port, NULL, 10000, &s) != 0 || ipc_stream_write(s, "me\n", 3) != 3
        || ipc_stream_record(s, 0) != 0 || ipc_stream_readline(s, &line) < 0 || !line || strcmp(line, want);
    kill(parent, SIGTERM);
    _exit(bad);
}

/* The client may be quicker than the server: until that listens to the signal nobody may send it. */
static void held(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(how, &set, NULL);
}

static void ready_to_hear(const char *event, int32_t pid, int32_t status, const char *text, void *data) {
    if (!strcmp(event, "ready")) held(SIG_UNBLOCK);
    told(event, pid, status, text, data);
}

static void serve(ipc_child *client) {
    int32_t status;
    SAME(ipc_server_drain(server, "TERM", 10000), 0);
    SAME(ipc_server_log(server, ready_to_hear, NULL), 0);
    SAME(ipc_server_run(server), 1);
    SAME(ready, 1);
    SAME(ipc_server_count(server, "accepted"), 1);
    SAME(ipc_server_count(server, "ok"), 1);
    SAME(ipc_server_count(server, "nosuch"), PERLIPC_E_INVALID);
    SAME(ipc_child_wait(client, 10000, &status), 0);
    SAME(status, 0);
    ipc_child_free(client);
    ipc_server_free(server);
}

TEST(a_process_for_each) {
    new_server();
    SAME(ipc_server_handler(server, serves, "fork"), 0);
    SAME(ipc_server_limit(server, 3), 0);
    SAME(ipc_server_each(server, 10000), 0);
    held(SIG_BLOCK);
    serve(asks("served me\n by fork"));
    SAME(ended, 1);
}

TEST(prefork) {
    new_server();
    SAME(ipc_server_handler(server, serves, "prefork"), 0);
    SAME(ipc_server_prefork(server, 2), 0);
    held(SIG_BLOCK);
    serve(asks("served me\n by prefork"));
    SAME(ended, 2);
}

TEST(iterative) {
    new_server();
    SAME(ipc_server_handler(server, serves_here, NULL), 0);
    SAME(ipc_server_iterative(server, 1), 0);
    held(SIG_BLOCK);
    serve(asks("me\n"));
}

static int kept;

/* Closes the client itself, and then opens something that is to stay: most often under the same number. */
static int32_t serves_and_keeps(int32_t client, void *data) {
    ipc_stream *s;
    const char *line;
    (void)data;
    if (ipc_stream_adopt(client, &s) < 0) return 1;
    int bad = ipc_stream_readline(s, &line) != 3 || ipc_stream_write(s, line, 3) != 3;
    ipc_stream_free(s);
    kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return bad;
}

TEST(the_client_is_the_functions_own) {
    new_server();
    SAME(ipc_server_handler(server, serves_and_keeps, NULL), 0);
    SAME(ipc_server_iterative(server, 1), 0);
    held(SIG_BLOCK);
    serve(asks("me\n"));
    SAME(close(kept), 0);
}

TEST(a_command) {
    ipc_cmd *cmd = ipc_cmd_shell("read l; echo served $l");
    new_server();
    SAME(ipc_server_exec(server, cmd), 0);
    ipc_cmd_free(cmd);
    held(SIG_BLOCK);
    serve(asks("served me\n"));
}

static void ready_to_hear_256(const char *event, int32_t pid, int32_t status, const char *text, void *data) {
    (void)pid, (void)text, (void)data;
    if (!strcmp(event, "ready")) held(SIG_UNBLOCK);
    if (!strcmp(event, "end")) SAME(status, 255 << 8);
}

static int32_t serves_256(int32_t client, void *data) {
    (void)client, (void)data;
    return 256;
}

/* Of an exit code only eight bits arrive. */
TEST(a_code_that_is_none) {
    int32_t status;
    new_server();
    SAME(ipc_server_handler(server, serves_256, NULL), 0);
    SAME(ipc_server_drain(server, "TERM", 10000), 0);
    SAME(ipc_server_log(server, ready_to_hear_256, NULL), 0);
    held(SIG_BLOCK);
    ipc_child *client = asks("nothing");
    SAME(ipc_server_run(server), 1);
    SAME(ipc_server_count(server, "ok"), 0);
    SAME(ipc_server_count(server, "failed"), 1);
    SAME(ipc_child_wait(client, 10000, &status), 0);
    ipc_child_free(client);
    ipc_server_free(server);
}

static int32_t given_up(int32_t signal, const char *name, void *data) {
    (void)signal, (void)name, (void)data;
    return 1;
}

/* A run that has failed is counted too. */
TEST(counts_of_a_run_that_was_given_up) {
    new_server();
    ipc_cmd *cmd = ipc_cmd_shell("kill -USR1 $PPID; exec sleep 1000");
    int32_t status;
    ipc_stream *s;
    SAME(ipc_server_exec(server, cmd), 0);
    ipc_cmd_free(cmd);
    SAME(ipc_signal_handle("USR1", given_up, NULL), 0);
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 10000, &s), 0);
    SAME(ipc_server_run(server), PERLIPC_E_HANDLER);
    SAME(ipc_server_count(server, "accepted"), 1);
    SAME(ipc_server_count(server, "cut"), 1);
    SAME(ipc_signal_default("USR1"), 0);
    SAME(ipc_stream_close(s, &status), 0);
    ipc_stream_free(s);
    ipc_server_free(server);
}

static void counts_and_stops(const char *event, int32_t pid, int32_t status, const char *text, void *data) {
    int *told = data;
    (void)text;
    if (!strcmp(event, "start")) {
        told[0] = pid;
        ipc_server_stop(server);
    }
    if (!strcmp(event, "end")) told[1] = pid, told[2] = status;
}

static int32_t serves_for_ever(int32_t client, void *data) {
    (void)client, (void)data;
    while (pause()) {}
    return 0;
}

/* Whom the server kills when its time is up has ended as well. */
TEST(the_log_is_told_of_who_is_cut) {
    for (int prefork = 0; prefork < 2; prefork++) {
        int32_t status;
        int told[3] = {0, 0, 0};
        ipc_stream *s;
        new_server();
        SAME(ipc_server_handler(server, serves_for_ever, NULL), 0);
        SAME(ipc_server_prefork(server, prefork), 0);
        SAME(ipc_server_drain(server, NULL, 50), 0);
        SAME(ipc_server_log(server, counts_and_stops, told), 0);
        SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 10000, &s), 0);
        SAME(ipc_server_run(server), 0);
        SAME(ipc_server_count(server, "cut"), 1);
        CHECK(told[0] > 0);
        SAME(told[1], told[0]);
        SAME(told[2], SIGKILL);
        SAME(ipc_stream_close(s, &status), 0);
        ipc_stream_free(s);
        ipc_server_free(server);
    }
}

TEST(settings) {
    ipc_server *none = ipc_server_new(NULL);
    SAME(ipc_server_limit(none, 3), PERLIPC_E_INVALID);
    SAME(ipc_server_each(none, 3), PERLIPC_E_INVALID);
    SAME(ipc_server_user(none, "nobody", NULL), PERLIPC_E_INVALID);
    SAME(ipc_server_run(none), PERLIPC_E_INVALID);
    ipc_server_free(none);
    ipc_server_free(NULL);
    new_server();
    SAME(ipc_server_run(server), PERLIPC_E_INVALID);
    SAME(ipc_server_handler(server, NULL, NULL), PERLIPC_E_INVALID);
    SAME(ipc_server_prefork(server, -1), PERLIPC_E_INVALID);
    SAME(ipc_server_limit(server, 0), PERLIPC_E_INVALID);
    SAME(ipc_server_limit(server, -1), PERLIPC_E_INVALID);
    SAME(ipc_server_drain(server, "NOSUCH", 1), PERLIPC_E_INVALID);
    SAME(ipc_server_handler(server, serves_here, NULL), 0);
    SAME(ipc_server_stop(server), 0);
    SAME(ipc_server_run(server), 1);
    SAME(ipc_server_count(server, "accepted"), 0);
    ipc_server_free(server);
}
