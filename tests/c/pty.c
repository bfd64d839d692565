/* Ptys. */
#include "check.h"

TEST(open_proc_cat_n) {
    ipc_stream *s;
    const char *line;
    char want[64];
    int32_t status;
    ipc_cmd *cmd = CMD("cat", "-n");
    CHECK(ipc_pty_open(cmd, 24, 80, &s) > 0);
    SAME(ipc_stream_timeout(s, 10000), 0);
    for (int n = 1; n <= 10; n++) {
        SAME(ipc_stream_write(s, "a line\n", 7), 7);
        CHECK(ipc_stream_readline(s, &line) > 0);
        snprintf(want, sizeof want, "%6d\ta line\n", n);
        TEXT(line, want);
    }
    char end = (char)ipc_pty_control("d");
    SAME(ipc_stream_write(s, &end, 1), 1);
    SAME(ipc_stream_readline(s, &line), 0);
    SAME(ipc_stream_close(s, &status), 0);
    SAME(status, 0);
    ipc_stream_free(s);
    ipc_cmd_free(cmd);
}

TEST(size_name_and_modes) {
    ipc_stream *s;
    const char *line;
    char name[32], small[4];
    int32_t rows, cols;
    ipc_cmd *cmd = ipc_cmd_shell("tty; stty size");
    SAME(ipc_cmd_option(cmd, "terminal", "crlf"), 0);
    CHECK(ipc_pty_open(cmd, 33, 77, &s) > 0);
    CHECK(ipc_pty_name(s, name, sizeof name - 2) > 0);
    SAME(ipc_pty_name(s, small, sizeof small), -ERANGE);
    CHECK(ipc_stream_readline(s, &line) > 0);
    TEXT(line, strcat(name, "\r\n"));
    CHECK(ipc_stream_readline(s, &line) > 0);
    TEXT(line, "33 77\r\n");
    SAME(ipc_pty_resize(s, 50, 132), 0);
    SAME(ipc_pty_size(s, &rows, &cols), 0);
    SAME(rows, 50);
    SAME(cols, 132);
    FAILS(ipc_pty_resize(s, -1, 0), PERLIPC_E_INVALID, "pty");
    SAME(ipc_pty_control("c"), 3);
    FAILS(ipc_pty_control("cc"), PERLIPC_E_INVALID, "control");
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    ipc_cmd_free(cmd);
}

TEST(a_line_too_long_is_an_error) {
    ipc_stream *s;
    char line[5000];
    memset(line, 'x', sizeof line);
    ipc_cmd *cmd = CMD("cat");
    CHECK(ipc_pty_open(cmd, 0, 0, &s) > 0);
    FAILS(ipc_stream_write(s, line, sizeof line), PERLIPC_E_TOO_LONG, "write");
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    ipc_cmd_free(cmd);
}
