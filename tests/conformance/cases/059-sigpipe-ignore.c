#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *r, *w;
    if (ipc_signal_ignore("PIPE") < 0) return 1;
    if (ipc_pipe_new(&r, &w) < 0 || ipc_stream_autoflush(w, 0) < 0 || ipc_stream_close(r, NULL) < 0) return 1;
    int64_t p = ipc_stream_write(w, "x", 1), c = ipc_stream_close(w, NULL);
    printf("print=%d close=%d EPIPE=%d\n", p == 1, c == 0, c == -EPIPE);
    ipc_stream_free(r);
    ipc_stream_free(w);
    if (ipc_pipe_new(&r, &w) < 0 || ipc_stream_close(r, NULL) < 0) return 1;
    p = ipc_stream_write(w, "x", 1);
    c = ipc_stream_close(w, NULL);
    printf("autoflush print=%d EPIPE=%d close=%d\n", p == 1, p == -EPIPE, c == 0);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
