#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static char data[500001];

int main(void) {
    ipc_stream *f, *i;
    int32_t st, n = 0;
    if (ipc_popen_open("|sleep 0.3; wc -c", &f) < 0) return 1;
    memset(data, 'x', 10000);
    for (int k = 0; k < 100; k++) n += (int32_t)ipc_stream_write(f, data, 10000);
    printf("printed %d\n", n);
    fflush(stdout);
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("close=%d\n", st == 0);
    if (ipc_popen_open("head -c 500000 /dev/zero|", &i) < 0) return 1;
    ipc_signal_sleep(100);
    int64_t got = ipc_stream_read_full(i, data, sizeof data);
    if (ipc_stream_close(i, &st) < 0) return 1;
    printf("read %d close=%d\n", (int)got, st == 0);
    ipc_stream_free(f);
    ipc_stream_free(i);
    return 0;
}
