#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    ipc_child *p;
    int32_t st;
    if (ipc_fork(&p) == 0) {
        ipc_stream *r, *w;
        if (ipc_pipe_new(&r, &w) < 0 || ipc_stream_close(r, NULL) < 0) return 1;
        if (ipc_stream_write(w, "x", 1) == -EPIPE) printf("kid: %s\n", strerror(EPIPE));
        ipc_stream_close(w, NULL);
        printf("survived\n");
        exit(0);
    }
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("signal=%d code=%d\n", ipc_status_signal(st) < 0 ? 0 : ipc_status_signal(st), ipc_status_code(st));
    ipc_child_free(p);
    return 0;
}
