/* Signal number zero: "this doesn't actually affect another process, but instead checks whether it's alive or has changed
 * its UID." In Perl: unless (kill 0 => $kid_pid) { warn "something wicked happened to $kid_pid"; } */
#include <perlipc.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void look(int32_t pid) {
    int32_t there = ipc_signal_kill("0", pid);
    if (there == 1) printf("alive\n");
    else if (there == -EPERM) printf("alive, and somebody else's\n");
    else printf("something wicked happened\n");
}

int main(void) {
    look(getpid());
    ipc_cmd *cmd = ipc_cmd_new("true");
    ipc_child *kid;
    int32_t status;
    int32_t pid = ipc_cmd_start(cmd, &kid);
    if (pid < 0) return 1;
    if (ipc_child_wait(kid, -1, &status) < 0) return 1;
    look(pid); /* reaped: even if the number is somebody else's by now */
    ipc_child_free(kid);
    ipc_cmd_free(cmd);
    return 0;
}
