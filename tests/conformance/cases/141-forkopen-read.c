#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    ipc_stream *k;
    const char *line;
    int32_t st, pid = ipc_popen_fork("-|", 0, &k);
    if (pid < 0) return 1;
    if (pid == 0) {
        printf("from the kid\nsecond\n");
        exit(3);
    }
    while (ipc_stream_readline(k, &line) > 0) printf("got: %s", line);
    if (ipc_stream_close(k, &st) < 0) return 1;
    printf("close=%d kid exited %d\n", st == 0, st);
    ipc_stream_free(k);
    return 0;
}
