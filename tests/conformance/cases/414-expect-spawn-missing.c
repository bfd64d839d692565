#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *words[] = {"nosuchcmd_xyz", "a", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_stream *pty;
    int32_t r = ipc_pty_open(cmd, 24, 80, &pty);
    printf("%s ENOENT=%d\n", r < 0 ? "undef" : "spawned", r == -ENOENT);
    r = ipc_wait_any(-1, NULL);
    printf("left=%d\n", r == -ECHILD ? -1 : r);
    ipc_cmd_free(cmd);
    return 0;
}
