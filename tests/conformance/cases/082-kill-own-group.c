#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int g;

static int32_t count(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

static int leader(void) {
    ipc_stream *r, *w;
    ipc_child *k;
    char byte;
    int32_t st;
    setpgid(0, 0);
    if (ipc_signal_handle("USR1", count, NULL) < 0 || ipc_pipe_new(&r, &w) < 0) return 1;
    if (ipc_fork(&k) == 0) {
        ipc_signal_default("USR1");
        if (ipc_stream_write(w, ".", 1) != 1) _exit(1);
        sleep(20);
        _exit(0);
    }
    if (ipc_stream_read(r, &byte, 1) != 1) return 1;
    int32_t n = ipc_signal_kill("USR1", 0);
    if (ipc_child_wait(k, -1, &st) < 0) return 1;
    printf("n=%d self=%d kid=%d\n", n, g, ipc_status_signal(st));
    return 0;
}

int main(void) {
    ipc_child *p;
    int32_t st;
    if (ipc_fork(&p) == 0) exit(leader());
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("status=%d\n", st);
    ipc_child_free(p);
    return 0;
}
