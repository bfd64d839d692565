#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static void tell(int32_t r) {
    int32_t left = ipc_wait_any(-1, NULL);
    printf("%d ENOENT=%d left=%d\n", r > 0, r == -ENOENT, left == -ECHILD ? -1 : left);
}

int main(void) {
    ipc_stream *f;
    const char *path[] = {"nosuchcmd_xyz", "a", NULL}, *relative[] = {"./nosuch/cmd", "a", NULL};
    ipc_cmd *cmds[] = {ipc_cmd_shell("nosuchcmd_xyz a b"), ipc_cmd_argv(path), ipc_cmd_argv(relative)};
    tell(ipc_popen_open("nosuchcmd_xyz|", &f));
    tell(ipc_popen_open("|nosuchcmd_xyz", &f));
    for (int i = 0; i < 3; i++) {
        tell(ipc_popen_start(cmds[i], i < 2 ? "-|" : "|-", &f));
        ipc_cmd_free(cmds[i]);
    }
    return 0;
}
