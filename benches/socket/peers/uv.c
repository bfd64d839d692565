/* libuv: one loop for all clients. */
#include "../sockets.h"
#include <uv.h>

static uv_loop_t loop;
static uv_tcp_t listener;
static uv_signal_t term;
static int open_clients, each;

typedef struct { uv_write_t write; uv_buf_t buf; } answer_t;

static void room(uv_handle_t *handle, size_t size, uv_buf_t *buf) {
    (void)handle;
    static char data[1 << 16];
    *buf = uv_buf_init(data, size < sizeof data ? (unsigned)size : sizeof data);
}

static void gone(uv_handle_t *handle) {
    free(handle);
    if (--open_clients == 0 && !each) uv_stop(&loop);
}

static void written(uv_write_t *write, int status) {
    if (status < 0) wrong("write", status);
    if (each) uv_close((uv_handle_t *)write->handle, gone);
    free(((answer_t *)write)->buf.base);
    free(write);
}

static void came(uv_stream_t *client, ssize_t n, const uv_buf_t *buf) {
    if (n <= 0) {
        if (n < 0) uv_close((uv_handle_t *)client, gone);
        return;
    }
    uv_buf_t out = uv_buf_init(buf->base, (unsigned)n);
    if (!each && uv_try_write(client, &out, 1) == n) return;
    answer_t *answer = malloc(sizeof *answer);
    answer->buf = uv_buf_init(memcpy(malloc((size_t)n), buf->base, (size_t)n), (unsigned)n);
    if (each) uv_read_stop(client);
    uv_write(&answer->write, client, &answer->buf, 1, written);
}

static void connects(uv_stream_t *from, int status) {
    uv_tcp_t *client = malloc(sizeof *client);
    if (status < 0) wrong("connection", status);
    uv_tcp_init(&loop, client);
    if (uv_accept(from, (uv_stream_t *)client) < 0) wrong("accept", 0);
    uv_tcp_nodelay(client, 1);
    open_clients++;
    uv_read_start((uv_stream_t *)client, room, came);
}

static void stops(uv_signal_t *signal, int number) {
    (void)signal, (void)number;
    uv_stop(&loop);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    struct sockaddr_in addr = loopback(0);
    int len = sizeof addr;
    each = is(what, "conn_prefork");
    if (!is(what, "pp1") && !is(what, "tp64") && !each) return 77;
    uv_loop_init(&loop);
    uv_tcp_init(&loop, &listener);
    uv_tcp_bind(&listener, (void *)&addr, 0);
    uv_tcp_getsockname(&listener, (void *)&addr, &len);
    uv_signal_init(&loop, &term);
    uv_signal_start(&term, stops, SIGTERM);
    if (uv_listen((uv_stream_t *)&listener, 4096, connects) < 0) wrong("listen", 0);
    pid_t load = start_load(each ? "conn" : what, ntohs(addr.sin_port));
    uv_run(&loop, UV_RUN_DEFAULT);
    ended(load);
    return 0;
}
