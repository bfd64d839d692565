#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    ipc_cmd *cmd = ipc_cmd_shell("exit 3;");
    int32_t st;
    if (ipc_signal_number("inner") >= 0 || ipc_cmd_run(cmd, -1, &st) < 0) return 1;
    ipc_cmd_free(cmd);
    return 0;
}

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("exit 5;");
    int32_t st;
    if (ipc_signal_handle("USR1", handler, NULL) < 0 || ipc_cmd_run(cmd, -1, &st) < 0) return 1;
    ipc_cmd_free(cmd);
    ipc_signal_kill("USR1", getpid());
    printf("error=outer\nstatus=%d\n", ipc_status_code(st));
    return 0;
}
