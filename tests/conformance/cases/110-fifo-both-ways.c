#include <perlipc.h>
#include <stdio.h>

static void next(ipc_stream *h) {
    const char *line;
    if (ipc_stream_readline(h, &line) > 0) fputs(line, stdout);
}

int main(void) {
    ipc_stream *h, *w;
    char data[3] = "";
    if (ipc_fifo_make("f", 0600) < 0 || ipc_fifo_open("f", "+<", -1, &h) < 0 || ipc_stream_timeout(h, 30000) < 0) return 1;
    if (ipc_stream_write(h, "self\n", 5) < 0) return 1;
    next(h);
    if (ipc_stream_write(h, "a", 1) < 0 || ipc_stream_write(h, "b", 1) < 0 || ipc_stream_read_full(h, data, 2) < 0) return 1;
    puts(data);
    if (ipc_stream_write(h, "z\n", 2) < 0) return 1;
    puts(ipc_stream_eof(h) ? "end" : "more");
    next(h);
    if (ipc_stream_write(h, "one\n", 4) < 0) return 1;
    next(h);
    if (ipc_fifo_open("f", ">", -1, &w) < 0 || ipc_stream_write(w, "two\n", 4) < 0 || ipc_stream_close(w, NULL) < 0) return 1;
    next(h);
    ipc_stream_free(w);
    ipc_stream_free(h);
    return 0;
}
