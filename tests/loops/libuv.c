/* The descriptors of streams, children and signals in libuv's loop, beside libuv's own children and signals. */
#include "check.h"

#include <uv.h>

/* Both sides keep a pipe for signals once it was asked for. */
__attribute__((constructor)) static void once(void) {
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0 || uv_loop_close(&loop) != 0 || ipc_signal_fd() < 0) exit(2);
}

typedef struct {
    uv_loop_t loop;
    uv_poll_t reader, pidfd, signals;
    uv_pipe_t exit;
    uv_timer_t limit;
    ipc_stream *stream;
    ipc_child *child;
    char said[64], order[64];
    int32_t status;
    int late;
} world;

static void note(world *w, const char *what) { strncat(w->order, what, sizeof w->order - strlen(w->order) - 1); }

static void on_line(uv_poll_t *handle, int status, int events) {
    world *w = handle->data;
    char piece[32];
    SAME(status, 0);
    CHECK(events & UV_READABLE);
    int64_t n = ipc_stream_read(w->stream, piece, sizeof piece - 1);
    CHECK(n >= 0);
    piece[n > 0 ? n : 0] = 0;
    strncat(w->said, piece, sizeof w->said - strlen(w->said) - 1);
    if (n <= 0) {
        note(w, "end ");
        uv_close((uv_handle_t *)handle, NULL);
    }
}

static void on_pidfd(uv_poll_t *handle, int status, int events) {
    world *w = handle->data;
    SAME(status, 0);
    CHECK(events & UV_READABLE);
    SAME(ipc_child_wait(w->child, 0, &w->status), 0);
    uv_close((uv_handle_t *)handle, NULL);
}

static void room_for(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    static char bytes[16];
    (void)handle, (void)size;
    *buf = uv_buf_init(bytes, sizeof bytes);
}

static void on_exit_pipe(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf) {
    world *w = handle->data;
    (void)buf;
    SAME(n, UV_EOF);
    int32_t status = -1;
    SAME(ipc_child_wait(w->child, 0, &status), 0);
    SAME(ipc_status_code(status), 3);
    note(w, "exit ");
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_signals(uv_poll_t *handle, int status, int events) {
    world *w = handle->data;
    SAME(status, 0);
    CHECK(events & UV_READABLE);
    SAME(ipc_signal_next(0), SIGUSR2);
    note(w, "signal ");
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_limit(uv_timer_t *timer) {
    world *w = timer->data;
    w->late = 1;
    uv_stop(&w->loop);
}

static void close_all(uv_handle_t *handle, void *arg) {
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void begin(world *w) {
    memset(w, 0, sizeof *w);
    w->status = -1;
    SAME(uv_loop_init(&w->loop), 0);
    SAME(uv_timer_init(&w->loop, &w->limit), 0);
    w->limit.data = w;
    uv_timer_start(&w->limit, on_limit, 10000, 0);
    uv_unref((uv_handle_t *)&w->limit);
}

static void end(world *w) {
    uv_run(&w->loop, UV_RUN_DEFAULT);
    SAME(w->late, 0);
    uv_walk(&w->loop, close_all, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    SAME(uv_loop_close(&w->loop), 0);
}

TEST(streams_children_and_signals) {
    world w;
    ipc_saved *saved;
    begin(&w);
    SAME(ipc_signal_save("USR2", &saved), 0);
    SAME(ipc_signal_queue("USR2"), 0);
    ipc_cmd *cmd = CMD("sh", "-c", "echo one; kill -USR2 $PPID; echo two; exit 3");
    CHECK(ipc_popen_start(cmd, "-|", &w.stream) > 0);
    w.child = ipc_stream_child(w.stream);
    SAME(uv_poll_init(&w.loop, &w.reader, ipc_stream_fd(w.stream)), 0);
    SAME(uv_poll_init(&w.loop, &w.signals, ipc_signal_fd()), 0);
    w.reader.data = w.signals.data = &w;
    SAME(uv_poll_start(&w.reader, UV_READABLE, on_line), 0);
    SAME(uv_poll_start(&w.signals, UV_READABLE, on_signals), 0);
    int pidfd = ipc_child_fd(w.child);
    if (pidfd >= 0) {
        SAME(uv_poll_init(&w.loop, &w.pidfd, pidfd), 0);
        w.pidfd.data = &w;
        SAME(uv_poll_start(&w.pidfd, UV_READABLE, on_pidfd), 0);
    }
    end(&w);
    TEXT(w.said, "one\ntwo\n");
    CHECK(strstr(w.order, "signal ") && strstr(w.order, "end "));
    int32_t status = -1;
    SAME(ipc_stream_close(w.stream, &status), 0);
    SAME(ipc_status_code(status), 3);
    if (pidfd >= 0) SAME(w.status, status);
    ipc_stream_free(w.stream);
    ipc_cmd_free(cmd);
    SAME(ipc_signal_restore(saved), 0);
}

TEST(the_end_of_a_child_as_a_pipe) {
    world w;
    begin(&w);
    ipc_cmd *cmd = CMD("sh", "-c", "exit 3");
    CHECK(ipc_cmd_start(cmd, &w.child) > 0);
    int fd = ipc_child_exit_fd(w.child);
    CHECK(fd >= 0);
    SAME(uv_pipe_init(&w.loop, &w.exit, 0), 0);
    SAME(uv_pipe_open(&w.exit, fd), 0); /* the loop closes it */
    w.exit.data = &w;
    SAME(uv_read_start((uv_stream_t *)&w.exit, room_for, on_exit_pipe), 0);
    end(&w);
    TEXT(w.order, "exit ");
    ipc_child_free(w.child);
    ipc_cmd_free(cmd);
}

static void on_spawned_exit(uv_process_t *process, int64_t status, int signal) {
    SAME(status, 5);
    SAME(signal, 0);
    note(process->data, "spawned ");
    uv_close((uv_handle_t *)process, NULL);
}

/* Each waits for its own: libuv by SIGCHLD and waitpid, this library by its pidfds. */
TEST(children_of_libuv_are_its_own) {
    check_keeps_dispositions = 1; /* libuv keeps its CHLD handler */
    world w;
    begin(&w);
    char *args[] = {(char *)"sh", (char *)"-c", (char *)"exit 5", NULL};
    uv_process_t process;
    uv_process_options_t options = {.exit_cb = on_spawned_exit, .file = "sh", .args = args};
    SAME(uv_spawn(&w.loop, &process, &options), 0);
    process.data = &w;
    ipc_cmd *cmd = CMD("sh", "-c", "exit 3");
    int32_t status = -1;
    CHECK(ipc_cmd_start(cmd, &w.child) > 0);
    CHECK(ipc_wait_any(10000, &status) > 0);
    SAME(ipc_status_code(status), 3);
    SAME(ipc_wait_any(0, &status), -ECHILD);
    end(&w);
    TEXT(w.order, "spawned ");
    ipc_child_free(w.child);
    ipc_cmd_free(cmd);
}
