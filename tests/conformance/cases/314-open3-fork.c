#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *line;
    char text[64];
    ipc_stream *w, *r, *e;
    int32_t st;
    if (ipc_open3_fork(0, &w, &r, &e) == 0) {
        if (fgets(text, sizeof text, stdin)) printf("kid got %s", text);
        fprintf(stderr, "kid err\n");
        exit(6);
    }
    if (ipc_stream_write(w, "hello\n", 6) != 6 || ipc_stream_close(w, NULL) < 0) return 1;
    if (ipc_stream_readline(r, &line) > 0) printf("r: %s", line);
    if (ipc_stream_readline(e, &line) > 0) printf("e: %s", line);
    if (ipc_child_wait(ipc_stream_child(r), -1, &st) < 0) return 1;
    printf("code=%d\n", ipc_status_code(st));
    ipc_stream_free(w);
    ipc_stream_free(r);
    ipc_stream_free(e);
    if (ipc_open2_fork(0, &r, &w) == 0) {
        if (fgets(text, sizeof text, stdin)) printf("two: %s", text);
        exit(0);
    }
    if (ipc_stream_write(w, "again\n", 6) != 6 || ipc_stream_close(w, NULL) < 0) return 1;
    if (ipc_stream_readline(r, &line) > 0) printf("%s", line);
    if (ipc_child_wait(ipc_stream_child(r), -1, &st) < 0) return 1;
    printf("code=%d\n", ipc_status_code(st));
    ipc_stream_free(w);
    ipc_stream_free(r);
    return 0;
}
