#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static int32_t gone(int32_t signo, const char *name, void *userdata) {
    (void)signo;
    (void)userdata;
    puts(name);
    return 0;
}

static ipc_stream *fifo(const char *mode, int timeout_ms) {
    ipc_stream *s;
    if (ipc_fifo_open("f", mode, timeout_ms, &s) < 0) return NULL;
    ipc_stream_autoflush(s, 1);
    return s;
}

int main(void) {
    const char *line;
    char data[16] = "";
    if (ipc_fifo_make("f", 0600) < 0 || ipc_signal_handle("PIPE", gone, NULL) < 0) return 1;
    ipc_stream *rw = fifo("+<", -1);
    printf("%d\n", (int)ipc_stream_write(rw, "kept\n", 5));
    ipc_stream *r = fifo("<", -1);
    ipc_stream_free(rw);
    if (ipc_stream_readline(r, &line) > 0) fputs(line, stdout);
    puts(ipc_stream_readline(r, &line) > 0 ? "more" : "end");
    rw = fifo("+<", -1);
    if (ipc_stream_write(rw, "gone\n", 5) != 5) return 1;
    ipc_stream_free(rw);
    ipc_stream_free(r);
    rw = fifo("+<", -1);
    unsigned char v[128] = {0};
    v[ipc_stream_fd(rw) / 8] |= 1 << ipc_stream_fd(rw) % 8;
    printf("readable=%d\n", ipc_select(v, NULL, NULL, sizeof v, 0, NULL) == -ETIMEDOUT ? 0 : 1);
    ipc_stream *w = fifo(">", 0);
    ipc_stream_free(rw);
    printf("EPIPE=%d\n", ipc_stream_write(w, "x", 1) == -EPIPE);
    r = fifo("<", -1);
    printf("%d\n", (int)ipc_stream_write(w, "yz", 2));
    if (ipc_stream_read(r, data, 9) < 0) return 1;
    puts(data);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
