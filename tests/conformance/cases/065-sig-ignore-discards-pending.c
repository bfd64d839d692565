#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t h(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    printf("h\n");
    return 0;
}

int main(void) {
    ipc_saved *saved;
    if (ipc_signal_handle("USR1", h, NULL) < 0) return 1;
    ipc_signal_block("USR1");
    ipc_signal_kill("USR1", getpid());
    if (ipc_signal_save("USR1", &saved) < 0 || ipc_signal_ignore("USR1") < 0) return 1;
    if (ipc_signal_restore(saved) < 0) return 1;
    ipc_signal_unblock("USR1");
    printf("nothing came\n");
    return 0;
}
