#include <perlipc.h>
#include <stdio.h>

static int32_t timeout(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

int main(void) {
    ipc_stream *f;
    int32_t st;
    if (ipc_signal_handle("ALRM", timeout, NULL) < 0) return 1;
    int32_t pid = ipc_popen_open("sleep 1; exit 3 |", &f);
    ipc_signal_alarm(500, 0);
    if (ipc_stream_close(f, &st) == PERLIPC_E_HANDLER) printf("err=timeout\n");
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("close again=[%s] st=%d\n", st == 0 ? "1" : "", ipc_status_code(st));
    if (ipc_wait_pid(pid, -1, &st) < 0) printf("nothing to reap by hand\n");
    ipc_stream_free(f);
    return 0;
}
