#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    int32_t st, pid = ipc_popen_open("exit 7; |", &f), w = ipc_wait_any(-1, &st);
    printf("wait same=%d st=%d\n", w == pid, ipc_status_code(st));
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("close=[%s] st=%d\n", st == 0 ? "1" : "", ipc_status_code(st));
    ipc_stream_free(f);
    return 0;
}
