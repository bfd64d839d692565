#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

int main(void) {
    ipc_child *p;
    if (ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    int32_t raised = ipc_signal_kill("USR1", getpid());
    printf("%d g=%d\n", raised, g);
    fflush(stdout);
    if (ipc_fork(&p) == 0) {
        usleep(300000);
        return ipc_signal_kill("USR1", getppid()) != 1;
    }
    int32_t r = ipc_signal_dispatch(-1);
    printf("%d EINTR=%d g=%d\n", r, r == -EINTR, g);
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    ipc_child_free(p);
    return 0;
}
