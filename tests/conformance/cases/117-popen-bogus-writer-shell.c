#include <errno.h>
#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *f;
    int32_t st;
    dup2(open("/dev/null", O_WRONLY), 2);
    if (ipc_popen_open("|nosuchcmd_xyz <&-;", &f) < 0) return 1;
    ipc_signal_sleep(300);
    int64_t n = ipc_stream_write(f, "bang\n", 5);
    int32_t c = ipc_stream_close(f, &st);
    printf("print=%d close=%d EPIPE=%d status=%d\n", n == 5, c == 0, c == -EPIPE, ipc_status_code(st));
    ipc_stream_free(f);
    return 0;
}
