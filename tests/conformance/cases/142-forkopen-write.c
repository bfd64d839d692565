#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    ipc_stream *k;
    int32_t st;
    if (ipc_popen_fork("|-", 0, &k) == 0) {
        char line[80];
        while (fgets(line, sizeof line, stdin)) printf("kid: %s", line);
        printf("kid eof\n");
        exit(0);
    }
    if (ipc_stream_write(k, "l1\nl2\n", 6) != 6) return 1;
    ipc_stream_close(k, &st);
    printf("r=[%s] st=%d\n", st == 0 ? "1" : "", st);
    ipc_stream_free(k);
    return 0;
}
