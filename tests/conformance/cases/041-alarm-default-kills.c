#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_child *p;
    int32_t status;
    if (ipc_fork(&p) == 0) {
        ipc_signal_alarm(500, 0);
        ipc_signal_sleep(5000);
        return 0;
    }
    if (ipc_child_wait(p, -1, &status) < 0) return 1;
    printf("sig=%d\n", ipc_status_signal(status));
    ipc_child_free(p);
    return 0;
}
