#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *commands[] = {"exit 3", "umask", "shift", "exit 3;", "umask 022;"};
    int32_t st;
    for (int i = 0; i < 5; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        int32_t r = ipc_cmd_run(cmd, -1, &st);
        if (r == -ENOENT) printf("%s: ENOENT=1\n", commands[i]);
        else printf("%s: %d\n", commands[i], ipc_status_code(st));
        ipc_cmd_free(cmd);
    }
    ipc_cmd *cmd = ipc_cmd_shell("exit 3");
    ipc_capture *said;
    int32_t r = ipc_capture_run(cmd, NULL, 0, -1, &said);
    if (r == -ENOENT) printf("backticks: 0 status=%d\n", ipc_capture_status(said));
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
    return 0;
}
