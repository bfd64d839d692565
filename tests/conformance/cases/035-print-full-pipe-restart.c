#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

static char data[200000];

int main(void) {
    ipc_stream *r, *w;
    ipc_child *p;
    if (ipc_pipe_new(&r, &w) < 0 || ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    if (ipc_fork(&p) == 0) {
        if (ipc_stream_close(w, NULL) < 0) return 1;
        usleep(300000);
        ipc_signal_kill("USR1", getppid());
        usleep(300000);
        int64_t t = 0, n;
        while ((n = ipc_stream_read(r, data, sizeof data)) > 0) t += n;
        printf("reader got %ld\n", (long)t);
        return 0;
    }
    if (ipc_stream_close(r, NULL) < 0) return 1;
    int ok = ipc_stream_write(w, data, sizeof data) == sizeof data && ipc_stream_close(w, NULL) == 0;
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    printf("print=%d g=%d\n", ok, g);
    ipc_child_free(p);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
