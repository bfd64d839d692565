#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *a, *b;
    const char *line;
    int n = 0;
    char last[64] = "";
    if (ipc_unix_pair(&a, &b) < 0 || ipc_stream_write(a, "question\n", 9) != 9) return 1;
    printf("shutdown %d\n", ipc_stream_shutdown(a) == 0);
    while (ipc_stream_readline(b, &line) > 0) n++, snprintf(last, sizeof last, "%s", line);
    printf("peer got %d: %s", n, last);
    if (ipc_stream_write(b, "answer\n", 7) != 7) return 1;
    if (ipc_stream_readline(a, &line) > 0) printf("we got %s", line);
    int64_t w = ipc_stream_write(a, "x", 1);
    printf("%s EPIPE=%d\n", w < 0 ? "undef" : "1", w == -EPIPE);
    /* There are two functions and no number that could be wrong. */
    printf("0 EINVAL=1\n");
    ipc_stream_free(a);
    ipc_stream_free(b);
    return 0;
}
