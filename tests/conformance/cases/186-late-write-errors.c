#include <errno.h>
#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    if (ipc_stream_adopt(open("/dev/full", O_WRONLY), &f) < 0 || ipc_stream_autoflush(f, 0) < 0) return 1;
    int64_t p = ipc_stream_write(f, "x", 1), c = ipc_stream_close(f, NULL);
    printf("print=%d close=%d ENOSPC=%d\n", p == 1, c == 0, c == -ENOSPC);
    ipc_stream_free(f);
    if (ipc_stream_adopt(open("/dev/full", O_WRONLY), &f) < 0) return 1;
    p = ipc_stream_write(f, "x", 1);
    printf("autoflushed print=%d ENOSPC=%d\n", p == 1, p == -ENOSPC);
    ipc_stream_free(f);
    return 0;
}
