#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *r, *w;
    ipc_child *p;
    char byte;
    int32_t st = -1, n;
    if (ipc_pipe_new(&r, &w) < 0) return 1;
    int32_t pid = ipc_fork(&p);
    if (pid == 0) {
        ipc_stream_close(w, NULL);
        _exit(ipc_stream_read(r, &byte, 1) == 0 ? 9 : 1);
    }
    ipc_stream_close(r, NULL);
    n = ipc_wait_pid(-1, 0, &st);
    printf("alive: %d status=%d\n", n == -ETIMEDOUT ? 0 : n, st);
    ipc_stream_close(w, NULL);
    while ((n = ipc_wait_pid(-1, 0, &st)) == -ETIMEDOUT) ipc_signal_sleep(10);
    printf("ended: %d status=%d\n", n == pid, ipc_status_code(st));
    st = -1;
    n = ipc_wait_pid(-1, 0, &st);
    printf("none: %d status=%d ECHILD=%d\n", n < 0 ? -1 : n, st, n == -ECHILD);
    ipc_child_free(p);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
