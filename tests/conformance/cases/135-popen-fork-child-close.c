#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *f;
    ipc_child *kid;
    int32_t st;
    if (ipc_popen_open("sleep 1; exit 3 |", &f) < 0) return 1;
    int32_t pid = ipc_fork(&kid);
    if (pid == 0) {
        int32_t r = ipc_stream_close(f, &st);
        printf("child r=[] $?=%d ECHILD=%d\n", st, r == -ECHILD);
        fflush(stdout);
        _exit(0);
    }
    if (ipc_child_wait(kid, -1, &st) < 0) return 1;
    ipc_child_free(kid);
    ipc_stream_close(f, &st);
    printf("parent r=[%s] st=%d\n", st == 0 ? "1" : "", ipc_status_code(st));
    ipc_stream_free(f);
    return 0;
}
