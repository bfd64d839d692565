/* The user's terminal joined with a child's; a pty stands in the user's place. */
#include "check.h"

#include <poll.h>
#include <pty.h>
#include <termios.h>

typedef struct {
    int master, slave;
    char shown[8192];
    size_t len;
} terminal;

static void terminal_open(terminal *t) {
    struct winsize size = {.ws_row = 30, .ws_col = 90};
    memset(t, 0, sizeof *t);
    SAME(openpty(&t->master, &t->slave, NULL, NULL, &size), 0);
}

static void terminal_close(terminal *t) {
    close(t->master);
    close(t->slave);
}

static void types(terminal *t, const char *keys) {
    SAME(write(t->master, keys, strlen(keys)), strlen(keys));
}

/* Until the terminal shows that. */
static void sees(terminal *t, const char *text) {
    for (double end = now_ms() + 20000; now_ms() < end;) {
        char *at = strstr(t->shown, text);
        if (at) {
            t->len = strlen(at + strlen(text));
            memmove(t->shown, at + strlen(text), t->len + 1);
            return;
        }
        struct pollfd fd = {.fd = t->master, .events = POLLIN};
        if (poll(&fd, 1, 100) == 1) {
            ssize_t n = read(t->master, t->shown + t->len, sizeof t->shown - 1 - t->len);
            if (n > 0) t->shown[t->len += (size_t)n] = 0;
        }
    }
    check_fail(__FILE__, __LINE__, "what the terminal shows", t->shown, text);
}

static int is_cooked(terminal *t) {
    struct termios modes;
    return tcgetattr(t->slave, &modes) == 0 && (modes.c_lflag & ICANON) && (modes.c_oflag & OPOST);
}

static ipc_stream *shell(const char *script) {
    ipc_stream *s;
    ipc_cmd *cmd = ipc_cmd_shell(script);
    SAME(ipc_cmd_option(cmd, "terminal", "echo,crlf"), 0);
    CHECK(ipc_pty_open(cmd, 0, 0, &s) > 0);
    ipc_cmd_free(cmd);
    return s;
}

static void *at_the_terminal(void *userdata) {
    terminal *t = userdata;
    sees(t, "ready\r\n");
    types(t, "hello\r");
    sees(t, "said hello\r\n");
    types(t, "x\x02");
    sees(t, "said xyz\r\n");
    types(t, "\x1d");
    return NULL;
}

static int32_t help(ipc_stream *s, const void *data, size_t len, void *userdata) {
    ++*(int *)userdata;
    SAME(len, 1);
    CHECK(memcmp(data, "\x02", 1) == 0);
    SAME(ipc_stream_write(s, "yz\n", 3), 3);
    return 0;
}

static int32_t count(ipc_stream *s, const void *data, size_t len, void *userdata) {
    CHECK(s && data && len > 5);
    return ++*(int *)userdata == 2 ? 77 : 0;
}

TEST(patterns_call_back) {
    terminal t;
    pthread_t user;
    int helped = 0, counted = 0;
    size_t len;
    terminal_open(&t);
    ipc_stream *s = shell("echo ready; while read line; do echo \"said $line\"; done");
    ipc_interact *i = ipc_interact_new();
    SAME(ipc_interact_terminal(i, t.slave, t.slave), 0);
    SAME(ipc_interact_escape(i, 29), 0);
    SAME(ipc_interact_key(i, "\x02", 1, help, &helped), 3);
    SAME(ipc_interact_output(i, "said (\\w+)\r\n", count, &counted), 4);
    SAME(pthread_create(&user, NULL, at_the_terminal, &t), 0);
    SAME(ipc_interact_run(i, s, 30000), 77);
    SAME(helped, 1);
    SAME(counted, 2);
    const char *word = ipc_interact_match(i, 1, &len);
    CHECK(word && len == 3 && memcmp(word, "xyz", 3) == 0);
    CHECK(ipc_interact_match(i, 2, &len) == NULL);
    CHECK(is_cooked(&t));
    SAME(ipc_interact_run(i, s, 30000), PERLIPC_INTERACT_ESCAPE);
    SAME(pthread_join(user, NULL), 0);
    SAME(ipc_interact_run(i, s, 1), -ETIMEDOUT);
    TEXT(ipc_error_last_step(), "interact");
    CHECK(is_cooked(&t));
    ipc_interact_free(i);
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    terminal_close(&t);
}

TEST(without_callbacks_their_numbers_come_back) {
    terminal t;
    terminal_open(&t);
    ipc_stream *s = shell("echo one two; read line; echo \"<$line>\"");
    ipc_interact *i = ipc_interact_new();
    SAME(ipc_interact_terminal(i, t.slave, t.slave), 0);
    SAME(ipc_interact_input(i, "[a-z]+;", NULL, NULL), 3);
    SAME(ipc_interact_output(i, "one", NULL, NULL), 4);
    SAME(ipc_interact_output(i, "two", NULL, NULL), 5);
    FAILS(ipc_interact_output(i, "(", NULL, NULL), PERLIPC_E_INVALID, "expect");
    FAILS(ipc_interact_output(i, "x*", NULL, NULL), PERLIPC_E_INVALID, "interact");
    FAILS(ipc_interact_key(i, "", 0, NULL, NULL), PERLIPC_E_INVALID, "interact");
    FAILS(ipc_interact_escape(i, 256), PERLIPC_E_INVALID, "interact");
    SAME(ipc_interact_run(i, s, 30000), 4);
    SAME(ipc_interact_run(i, s, 30000), 5);
    types(&t, "word;\n");
    SAME(ipc_interact_run(i, s, 30000), 3);
    SAME(ipc_interact_run(i, s, 30000), PERLIPC_INTERACT_EOF);
    sees(&t, "one two");
    sees(&t, "<word;>\r\n");
    SAME(ipc_stream_close(s, NULL), 0);
    FAILS(ipc_interact_run(i, s, 30000), PERLIPC_E_CLOSED, "read");
    ipc_interact_free(i);
    ipc_stream_free(s);
    terminal_close(&t);
}

TEST(the_standard_input_and_output) {
    terminal t;
    terminal_open(&t);
    int input = dup(0), output = dup(1);
    ipc_stream *s = shell("read line; echo \"<$line>\"");
    fflush(stdout);
    dup2(t.slave, 0);
    dup2(t.slave, 1);
    types(&t, "a line\n\x1dmore");
    int32_t escaped = ipc_pty_interact(s, 29), rest = 0;
    types(&t, "\n\n");
    rest = ipc_pty_interact(s, -1);
    dup2(input, 0);
    dup2(output, 1);
    close(input);
    close(output);
    SAME(escaped, PERLIPC_INTERACT_ESCAPE);
    SAME(rest, PERLIPC_INTERACT_EOF);
    sees(&t, "<a line>\r\n");
    FAILS(ipc_pty_interact(s, 1000), PERLIPC_E_INVALID, "interact");
    FAILS(ipc_pty_interact(NULL, 29), PERLIPC_E_INVALID, "stream");
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    terminal_close(&t);
}

static int32_t refused(int32_t signal, const char *name, void *userdata) {
    ipc_interact *i = userdata;
    size_t len;
    (void)signal, (void)name;
    SAME(ipc_interact_key(i, "x", 1, NULL, NULL), PERLIPC_E_BUSY);
    SAME(ipc_interact_input(i, "x", NULL, NULL), PERLIPC_E_BUSY);
    SAME(ipc_interact_output(i, "x", NULL, NULL), PERLIPC_E_BUSY);
    SAME(ipc_interact_escape(i, 1), PERLIPC_E_BUSY);
    SAME(ipc_interact_terminal(i, 0, 1), PERLIPC_E_BUSY);
    CHECK(ipc_interact_match(i, 0, &len) == NULL);
    return 1;
}

TEST(a_handler_inside_the_call) {
    terminal t;
    terminal_open(&t);
    ipc_stream *s = shell("read x; :");
    ipc_interact *i = ipc_interact_new();
    SAME(ipc_interact_terminal(i, t.slave, t.slave), 0);
    SAME(ipc_signal_handle("ALRM", refused, i), 0);
    CHECK(ipc_signal_alarm(20, 0) >= 0);
    SAME(ipc_interact_run(i, s, 20000), PERLIPC_E_HANDLER);
    CHECK(is_cooked(&t));
    SAME(ipc_interact_key(i, "x", 1, NULL, NULL), 3);
    SAME(ipc_signal_default("ALRM"), 0);
    ipc_interact_free(i);
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    terminal_close(&t);
}
