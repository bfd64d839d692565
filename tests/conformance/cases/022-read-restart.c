#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

int main(void) {
    ipc_stream *r, *w;
    ipc_child *p;
    const char *line;
    if (ipc_pipe_new(&r, &w) < 0 || ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    if (ipc_fork(&p) == 0) {
        usleep(200000);
        ipc_signal_kill("USR1", getppid());
        usleep(300000);
        return ipc_stream_write(w, "hello\n", 6) != 6;
    }
    if (ipc_stream_readline(r, &line) < 0) return 1;
    printf("got=%d line=%s", g, line);
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    ipc_child_free(p);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
