/* perlipc through its C ABI, as a user would write it. */
#include "children.h"

#include <perlipc.h>

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static ipc_cmd *command(char **argv) {
    ipc_cmd *cmd = ipc_cmd_argv((const char *const *)argv);
    return cmd;
}

/* Spawn and wait: the argument vector is turned into a command each time. */
static void run(char **argv) {
    ipc_cmd *cmd = command(argv);
    ipc_child *child;
    int32_t status;
    check(ipc_cmd_start(cmd, &child));
    check(ipc_child_wait(child, -1, &status));
    if (status != 0) wrong("status", status);
    ipc_child_free(child);
    ipc_cmd_free(cmd);
}

static void capture(char **argv, size_t want, int both, int socket) {
    ipc_cmd *cmd = command(argv);
    if (!both) ipc_cmd_redirect(cmd, 2, "inherit");
    if (socket) ipc_cmd_redirect(cmd, 1, "socket");
    ipc_capture *capture;
    size_t len;
    check(ipc_capture_run(cmd, 0, 0, -1, &capture));
    if (!ipc_capture_output(capture, &len) || len != want) wrong("bytes", (long long)len);
    if (ipc_capture_status(capture) != 0) wrong("status", ipc_capture_status(capture));
    ipc_capture_free(capture);
    ipc_cmd_free(cmd);
}

static ipc_stream *reader(void) {
    ipc_cmd *cmd = command(lines_argv);
    ipc_stream *stream;
    check(ipc_popen_start(cmd, "-|", &stream));
    ipc_cmd_free(cmd);
    return stream;
}

static void finish(ipc_stream *stream, long count, long sum) {
    int32_t status;
    check(ipc_stream_close(stream, &status));
    if (status != 0) wrong("status", status);
    ipc_stream_free(stream);
    if (count != LINES || sum < LINES) wrong("lines", count);
}

static void spans(void) {
    ipc_stream *stream = reader();
    const uint64_t *ends;
    const char *base;
    long count = 0, sum = 0;
    int64_t n;
    while ((n = ipc_stream_lines(stream, &ends, &base)) > 0) {
        for (int64_t i = 0; i < n; i++) {
            __asm__ volatile("" : : "r"(base + ends[i]));
            sum += (long)(ends[i + 1] - ends[i]);
        }
        count += (long)n;
    }
    check(n);
    finish(stream, count, sum);
}

static void calls(void) {
    ipc_stream *stream = reader();
    const char *line;
    long count = 0, sum = 0;
    int64_t n;
    while ((n = ipc_stream_readline(stream, &line)) > 0) {
        __asm__ volatile("" : : "r"(line));
        sum += (long)n;
        count++;
    }
    check(n);
    finish(stream, count, sum);
}

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    find_children();
    if (is(metric, "tiny")) {
        OFTEN(run(tiny_argv));
    } else if (is(metric, "true")) {
        OFTEN(run(true_argv));
    } else if (is(metric, "line")) {
        OFTEN(capture(line_argv, 3, 0, 0));
    } else if (is(metric, "line_both")) {
        OFTEN(capture(line_argv, 3, 1, 0));
    } else if (is(metric, "bytes")) {
        ONCE(1, capture(bytes_argv, BYTES, 0, 0));
    } else if (is(metric, "bytes_socket")) {
        ONCE(1, capture(bytes_argv, BYTES, 0, 1));
    } else if (is(metric, "lines_spans")) {
        ONCE(LINES, spans());
    } else if (is(metric, "lines_calls")) {
        ONCE(LINES, calls());
    } else {
        return 77;
    }
    return 0;
}
