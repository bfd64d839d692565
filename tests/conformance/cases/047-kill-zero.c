#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *r, *w;
    ipc_child *p;
    char byte;
    if (ipc_pipe_new(&r, &w) < 0) return 1;
    int32_t pid = ipc_fork(&p);
    if (pid == 0) _exit(0);
    ipc_stream_close(w, NULL);
    if (ipc_stream_read(r, &byte, 1) != 0) return 1;
    ipc_signal_sleep(100);
    printf("self %d %d\n", ipc_signal_kill("0", getpid()), ipc_signal_kill("ZERO", getpid()));
    printf("zombie %d\n", ipc_signal_kill("0", pid));
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    int32_t n = ipc_signal_kill("0", pid);
    printf("reaped %d ESRCH=%d\n", n < 0 ? 0 : n, n == -ESRCH);
    ipc_child_free(p);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
