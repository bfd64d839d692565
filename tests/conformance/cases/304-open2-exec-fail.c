#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *r, *w;
    ipc_cmd *cmd = ipc_cmd_new("nosuch_xyz");
    int32_t pid = ipc_open2(cmd, &r, &w);
    printf("%d open2: [Errno %d] %s: %s: '%s'\n", pid > 0, -pid, ipc_error_last_step(), ipc_error_text(pid),
           ipc_error_last_path());
    ipc_cmd_free(cmd);
    return 0;
}
