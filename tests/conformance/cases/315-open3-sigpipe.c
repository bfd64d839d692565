#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("%s\n", name);
    return 0;
}

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("exit 0;");
    ipc_stream *w, *r, *e;
    char byte;
    int32_t st;
    if (ipc_signal_handle("PIPE", handler, NULL) < 0 || ipc_open3(cmd, &w, &r, &e) < 0) return 1;
    if (ipc_stream_read(r, &byte, 1) != 0 || ipc_child_wait(ipc_stream_child(w), -1, &st) < 0) return 1;
    int64_t p = ipc_stream_write(w, "too late\n", 9);
    printf("print=%d EPIPE=%d code=%d\n", p == 9, p == -EPIPE, ipc_status_code(st));
    ipc_stream_free(w);
    ipc_stream_free(r);
    ipc_stream_free(e);
    ipc_cmd_free(cmd);
    return 0;
}
