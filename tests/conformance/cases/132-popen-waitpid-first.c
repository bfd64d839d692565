#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    int32_t st;
    int32_t pid = ipc_popen_open("exit 7; |", &f);
    if (ipc_wait_pid(pid, -1, &st) != pid) return 1;
    printf("st=%d\n", ipc_status_code(st));
    ipc_stream_close(f, &st);
    printf("r=[%s] st=%d\n", st == 0 ? "1" : "", ipc_status_code(st));
    ipc_stream_free(f);
    return 0;
}
