#include <perlipc.h>
#include <stdio.h>

static int32_t got;

static int32_t reaper(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    int32_t st;
    while (ipc_wait_pid(-1, 0, &st) > 0) got = ipc_status_code(st);
    return 0;
}

int main(void) {
    ipc_stream *f;
    const char *line;
    int32_t st;
    if (ipc_signal_handle("CHLD", reaper, NULL) < 0 || ipc_popen_open("echo x; exit 6 |", &f) < 0) return 1;
    while (ipc_stream_readline(f, &line) > 0) continue;
    ipc_signal_sleep(500);
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("close=[%s] $?=%d reaper saw %d\n", st == 0 ? "1" : "", ipc_status_code(st), got);
    ipc_stream_free(f);
    return 0;
}
