#include <errno.h>
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
    ipc_child *z;
    ipc_stream *f;
    int32_t st, pid = ipc_fork(&z);
    if (pid == 0) _exit(37);
    if (ipc_signal_handle("ALRM", handler, NULL) < 0 || ipc_popen_open("sleep 2; exit 13 |", &f) < 0) return 1;
    ipc_signal_alarm(1000, 0);
    errno = 0;
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("r=[%s] st=%d errno=%d g=%d\n", st == 0 ? "1" : "", st, errno, g);
    ipc_stream_free(f);
    int32_t other = ipc_wait_any(-1, &st);
    printf("other same=%d st=%d\n", other == pid, st);
    ipc_child_free(z);
    return 0;
}
