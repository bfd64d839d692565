#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int got;

static int32_t reaper(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    got += ipc_wait_any(-1, NULL) > 0;
    return 0;
}

int main(void) {
    ipc_child *p[2];
    int32_t pids[2];
    if (ipc_signal_handle("CHLD", reaper, NULL) < 0) return 1;
    ipc_signal_block("CHLD");
    for (int i = 0; i < 2; i++) {
        if ((pids[i] = ipc_fork(&p[i])) == 0) _exit(i + 1);
    }
    ipc_signal_sleep(200);
    ipc_signal_unblock("CHLD");
    printf("reaped by the handler: %d\n", got);
    int32_t left = ipc_wait_any(0, NULL);
    printf("left: %d\n", left == pids[0] || left == pids[1]);
    left = ipc_wait_any(0, NULL);
    printf("then: %d ECHILD=%d\n", left < 0 ? -1 : left, left == -ECHILD);
    for (int i = 0; i < 2; i++) ipc_child_free(p[i]);
    return 0;
}
