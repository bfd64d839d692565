#include <perlipc.h>
#include <stdio.h>

static int seen(int32_t fd, int pass) {
    char text[64];
    int32_t st;
    snprintf(text, sizeof text, "test -e /dev/fd/%d", fd);
    ipc_cmd *cmd = ipc_cmd_shell(text);
    if (pass) ipc_cmd_pass(cmd, fd, fd);
    if (ipc_cmd_run(cmd, -1, &st) < 0) return -1;
    ipc_cmd_free(cmd);
    return st == 0;
}

int main(void) {
    ipc_stream *r, *w;
    if (ipc_pipe_new(&r, &w) < 0) return 1;
    printf("r=%d w=%d\n", seen(ipc_stream_fd(r), 0), seen(ipc_stream_fd(w), 0));
    printf("raised: r=%d w=%d\n", seen(ipc_stream_fd(r), 1), seen(ipc_stream_fd(w), 1));
    printf("0=%d 1=%d 2=%d\n", seen(0, 0), seen(1, 0), seen(2, 0));
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
