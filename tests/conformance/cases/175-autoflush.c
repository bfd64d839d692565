#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static ipc_stream *r, *w;

static void there(const char *when) {
    char data[99];
    int64_t n = ipc_stream_read(r, data, sizeof data);
    if (n == -ETIMEDOUT) printf("%s: nothing\n", when);
    else printf("%s: '%.*s'\n", when, (int)n, data);
}

int main(void) {
    if (ipc_pipe_new(&r, &w) < 0 || ipc_stream_timeout(r, 0) < 0 || ipc_stream_autoflush(w, 0) < 0) return 1;
    if (ipc_stream_write(w, "a", 1) != 1) return 1;
    there("off");
    ipc_stream_autoflush(w, 1);
    there("switched on");
    if (ipc_stream_write(w, "b", 1) != 1) return 1;
    there("on");
    ipc_stream_autoflush(w, 0);
    if (ipc_stream_write(w, "c", 1) != 1) return 1;
    there("off again");
    if (ipc_stream_flush(w) < 0) return 1;
    there("flushed");
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
