#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>

int main(void) {
    int16_t take[] = {0, 0, 0, 0, 1, 0}, give[] = {0, -1, 0}, now[] = {0, 0, IPC_NOWAIT, 0, 1, IPC_NOWAIT};
    int32_t id = ipc_sem_get(0, 1, 0600);
    ipc_child *p;
    if (id < 0) return 1;
    int32_t r = ipc_sem_op(id, take, 2, -1);
    printf("take %d value %d\n", r == 0, ipc_sem_value(id, 0));
    r = ipc_sem_op(id, now, 2, -1);
    printf("second %d EAGAIN=%d value %d\n", r == 0, r == -EAGAIN, ipc_sem_value(id, 0));
    fflush(stdout);
    if (ipc_fork(&p) == 0) {
        if (ipc_sem_op(id, take, 2, -1) == 0) printf("kid has it\n");
        exit(ipc_sem_op(id, give, 1, -1) < 0);
    }
    while (ipc_sem_waiting(id, 0, 1) != 1) ipc_signal_sleep(10);
    printf("kid waits\n");
    fflush(stdout);
    if (ipc_sem_op(id, give, 1, -1) < 0 || ipc_child_wait(p, -1, NULL) < 0) return 1;
    printf("value %d\n", ipc_sem_value(id, 0));
    ipc_sem_remove(id);
    ipc_child_free(p);
    return 0;
}
