/* A hang-up for the whole process group, but for the one that sends it: the manual's
 *
 *     { local $SIG{HUP} = 'IGNORE'; kill HUP => -$$; }
 *
 * which needs a caller that leads its group. */
#include <perlipc.h>

#include <stdio.h>
#include <unistd.h>

int main(void) {
    if (setpgid(0, 0) < 0) perror("setpgid"); /* a leader of a session is one already */
    ipc_cmd *sleeper = ipc_cmd_new("sleep");
    ipc_cmd_arg(sleeper, "100");
    ipc_child *kids[3];
    for (int i = 0; i < 3; i++)
        if (ipc_cmd_start(sleeper, &kids[i]) < 0) return 1;

    ipc_saved *saved;
    if (ipc_signal_save("HUP", &saved) < 0 || ipc_signal_ignore("HUP") < 0) return 1;
    printf("groups reached: %d\n", ipc_signal_kill("HUP", -getpgrp()));
    ipc_signal_restore(saved);

    for (int i = 0; i < 3; i++) {
        int32_t status;
        if (ipc_child_wait(kids[i], -1, &status) < 0) return 1;
        printf("kid: killed by %d\n", ipc_status_signal(status));
        ipc_child_free(kids[i]);
    }
    ipc_cmd_free(sleeper);
    printf("I survive\n");
    return 0;
}
