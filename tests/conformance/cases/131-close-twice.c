#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    char byte;
    int32_t st;
    if (ipc_popen_open("exit 3;|", &f) < 0 || ipc_stream_read(f, &byte, 1) != 0) return 1;
    int32_t r = ipc_stream_close(f, &st), code = ipc_status_code(st);
    printf("first: %d code=%d\n", r == 0 && st == 0, code);
    r = ipc_stream_close(f, &st);
    printf("second: %d EBADF=%d code=%d\n", r == 0, r < 0 && errno == EBADF, code);
    ipc_stream_free(f);
    return 0;
}
