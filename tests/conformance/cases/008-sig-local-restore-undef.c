#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t inner(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    printf("in\n");
    fflush(stdout);
    return 0;
}

int main(void) {
    ipc_child *p;
    ipc_saved *saved;
    int32_t status;
    if (ipc_fork(&p) == 0) {
        if (ipc_signal_save("USR1", &saved) < 0 || ipc_signal_handle("USR1", inner, NULL) < 0) return 1;
        ipc_signal_kill("USR1", getpid());
        ipc_signal_restore(saved);
        ipc_signal_kill("USR1", getpid());
        printf("not reached\n");
        return 0;
    }
    if (ipc_child_wait(p, -1, &status) < 0) return 1;
    printf("status=%d\n", status);
    ipc_child_free(p);
    return 0;
}
