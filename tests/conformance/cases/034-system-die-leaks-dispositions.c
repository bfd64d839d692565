#include <perlipc.h>
#include <signal.h>
#include <stdio.h>

static int32_t die(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("sleep 2");
    struct sigaction o;
    int32_t st;
    if (ipc_signal_handle("ALRM", die, NULL) < 0) return 1;
    ipc_signal_alarm(500, 0);
    if (ipc_cmd_run(cmd, -1, &st) == PERLIPC_E_HANDLER) printf("err=t\n");
    sigaction(SIGINT, NULL, &o);
    printf("INT now: %s\n", o.sa_handler == SIG_IGN ? "IGNORE" : "DEFAULT");
    printf("CHLD blocked: %d\n", ipc_signal_blocked("CHLD"));
    printf("%%SIG says %s\n", ipc_signal_disposition("INT"));
    printf("left child reapable: %d\n", ipc_wait_any(-1, &st) > 0);
    ipc_cmd_free(cmd);
    return 0;
}
