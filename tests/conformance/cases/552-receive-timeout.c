#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *a, *b;
    char x[9];
    if (ipc_unix_pair(&a, &b) < 0 || ipc_stream_timeout(a, 200) < 0) return 1;
    int64_t n = ipc_stream_read(a, x, sizeof x);
    printf("undef EAGAIN=%d ETIMEDOUT=%d\n", n == -EAGAIN, n == -ETIMEDOUT);
    if (ipc_stream_write(b, "late", 4) != 4) return 1;
    n = ipc_stream_read(a, x, sizeof x);
    printf("n=%d x=%.*s\n", (int)n, (int)n, x);
    ipc_stream_free(a);
    ipc_stream_free(b);
    return 0;
}
