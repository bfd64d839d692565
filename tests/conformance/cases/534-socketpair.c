#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    ipc_stream *a, *b;
    ipc_child *p;
    const char *line;
    int32_t st;
    if (ipc_unix_pair(&a, &b) < 0) return 1;
    if (ipc_fork(&p) == 0) {
        ipc_stream_close(a, NULL);
        if (ipc_stream_readline(b, &line) < 0) _exit(1);
        char text[64];
        int n = snprintf(text, sizeof text, "kid heard %s", line);
        _exit(ipc_stream_write(b, text, n) != n);
    }
    ipc_stream_close(b, NULL);
    if (ipc_stream_write(a, "hello\n", 6) != 6) return 1;
    if (ipc_stream_readline(a, &line) > 0) printf("%s", line);
    printf("%s\n", ipc_stream_readline(a, &line) > 0 ? "more" : "end");
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("code=%d\n", ipc_status_code(st));
    ipc_stream_free(a);
    ipc_stream_free(b);
    ipc_child_free(p);
    return 0;
}
