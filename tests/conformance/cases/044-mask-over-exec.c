#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("grep SigBlk /proc/self/status");
    int32_t st;
    ipc_signal_block("USR1");
    int32_t r = ipc_cmd_run(cmd, -1, &st);
    ipc_cmd_free(cmd);
    return r < 0 || st != 0;
}
