/* perlipc through its C ABI, as a user would write it. */
#include "talk.h"

#include <perlipc.h>

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static void echo(ipc_stream *reader, ipc_stream *writer) {
    const char *line;
    check(ipc_stream_write(writer, "a line of thirty-two characters\n", 32));
    if (ipc_stream_readline(reader, &line) != 32) wrong("line", 0);
}

static void cat(int sockets) {
    ipc_cmd *cmd = ipc_cmd_argv((const char *const *)cat_argv);
    ipc_capture *said;
    size_t len;
    if (sockets) {
        ipc_cmd_redirect(cmd, 0, "socket");
        ipc_cmd_redirect(cmd, 1, "socket");
    }
    ipc_cmd_redirect(cmd, 2, "inherit");
    check(ipc_capture_run(cmd, input, size, -1, &said));
    const char *out = ipc_capture_output(said, &len);
    if (!out || len != size || memcmp(out, input, size) != 0) wrong("bytes", (long long)len);
    if (ipc_capture_status(said) != 0) wrong("status", ipc_capture_status(said));
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    find_partners(what);
    prepare();
    if (is(what, "echo")) {
        ipc_cmd *cmd = ipc_cmd_argv((const char *const *)echo_argv);
        ipc_stream *reader, *writer;
        check(ipc_open2(cmd, &reader, &writer));
        OFTEN(echo(reader, writer));
        check(ipc_stream_close(writer, NULL));
        check(ipc_stream_close(reader, NULL));
        ipc_stream_free(reader);
        ipc_stream_free(writer);
        ipc_cmd_free(cmd);
    } else if (strncmp(what, "cat_", 4) == 0) OFTEN(cat(what[4] == 's'));
    else return 77;
    return 0;
}
