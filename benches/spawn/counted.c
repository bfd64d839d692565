/* One operation, once or twice, for benches/syscalls to count what it takes: "counted WHAT TIMES". */
#include "children.h"

#include <perlipc.h>

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static void spawn(void) {
    ipc_cmd *cmd = ipc_cmd_argv((const char *const *)tiny_argv);
    ipc_child *child;
    int32_t status;
    check(ipc_cmd_start(cmd, &child));
    check(ipc_child_wait(child, -1, &status));
    ipc_child_free(child);
    ipc_cmd_free(cmd);
}

static void backtick(void) {
    ipc_cmd *cmd = ipc_cmd_argv((const char *const *)line_argv);
    ipc_cmd_redirect(cmd, 2, "inherit");
    ipc_capture *capture;
    check(ipc_capture_run(cmd, 0, 0, -1, &capture));
    ipc_capture_free(capture);
    ipc_cmd_free(cmd);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int times = argc > 2 ? atoi(argv[2]) : 1;
    prepare();
    find_children();
    /* The first start in a process finds out what the kernel has. */
    spawn();
    if (is(what, "spawn")) {
        while (times-- > 0) spawn();
    } else if (is(what, "backtick")) {
        while (times-- > 0) backtick();
    } else if (is(what, "block") || is(what, "line")) {
        static char data[1 << 16];
        const char *line;
        ipc_stream *reader, *writer;
        memset(data, 'x', sizeof data);
        for (size_t at = 9; at < sizeof data; at += 10) data[at] = '\n';
        check(ipc_pipe_new(&reader, &writer));
        check(ipc_stream_write(writer, data, is(what, "line") ? sizeof data : 10));
        check(ipc_stream_readline(reader, &line));
        while (times-- > 0) {
            if (is(what, "line")) {
                check(ipc_stream_readline(reader, &line));
            } else {
                check(ipc_stream_write(writer, data, sizeof data));
                check(ipc_stream_read_full(reader, data, sizeof data));
            }
        }
        ipc_stream_free(reader);
        ipc_stream_free(writer);
    } else {
        return 2;
    }
    return 0;
}
