#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

int main(void) {
    ipc_stream *r, *w;
    unsigned char bits[8] = {0};
    if (ipc_signal_handle("ALRM", handler, NULL) < 0 || ipc_pipe_new(&r, &w) < 0) return 1;
    int fd = ipc_stream_fd(r);
    bits[fd / 8] |= 1 << fd % 8;
    ipc_signal_alarm(200, 0);
    int32_t n = ipc_select(bits, NULL, NULL, sizeof bits, 600, NULL);
    printf("n=%d EINTR=%d g=%d\n", n == -ETIMEDOUT ? 0 : n, n == -EINTR, g);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
