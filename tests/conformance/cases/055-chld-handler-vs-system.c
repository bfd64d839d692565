#include <perlipc.h>
#include <stdio.h>

static char reaped[64];

static int32_t reaper(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    int32_t st;
    while (ipc_wait_pid(-1, 0, &st) > 0) sprintf(reaped, "%d", ipc_status_code(st));
    return 0;
}

int main(void) {
    const char *commands[] = {"exit 3;", "exit 4;"};
    if (ipc_signal_handle("CHLD", reaper, NULL) < 0) return 1;
    for (int i = 0; i < 2; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        int32_t st;
        if (ipc_cmd_run(cmd, -1, &st) < 0) return 1;
        printf("ret=%d reaped=(%s)\n", ipc_status_code(st), reaped);
        ipc_cmd_free(cmd);
    }
    return 0;
}
