/* The manual's first REAPER: one wait for each CHLD. "Loathe sysV": there the handler had to install itself anew; here it
 * stays. Two children that end at once may be one signal: see reaper_table.c. */
#include <perlipc.h>

#include <stdio.h>

static int32_t waitedpid;

static int32_t reaper(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)signame, (void)userdata;
    int32_t status;
    waitedpid = ipc_wait_any(0, &status);
    return 0;
}

int main(void) {
    if (ipc_signal_handle("CHLD", reaper, NULL) < 0) return 1;
    ipc_cmd *cmd = ipc_cmd_shell("exit 3;");
    ipc_child *kid;
    int32_t pid = ipc_cmd_start(cmd, &kid);
    if (pid < 0) return 1;
    while (waitedpid == 0) /* none slips through between the look and the wait */
        if (ipc_signal_dispatch(10000) < 0) return 1;
    printf("waited for: %s\n", waitedpid == pid ? "the kid" : "somebody");
    int32_t status;
    if (ipc_child_wait(kid, 0, &status) == 0) printf("and its handle still knows: %d\n", ipc_status_code(status));
    ipc_child_free(kid);
    ipc_cmd_free(cmd);
    return 0;
}
