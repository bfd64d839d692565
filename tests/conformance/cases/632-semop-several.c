#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>

static int32_t id;

static void left(const char *what, int ok, int again) {
    int32_t v[2];
    if (ipc_sem_values(id, v, 2) < 0) exit(1);
    printf("%s %d", what, ok);
    if (!ok) printf(" EAGAIN=%d", again);
    printf(" left %d,%d\n", v[0], v[1]);
    fflush(stdout);
}

int main(void) {
    int32_t first[] = {5, 1};
    int16_t both[] = {0, -2, 0, 1, -1, 0}, now[] = {0, -1, IPC_NOWAIT, 1, -1, IPC_NOWAIT};
    ipc_child *p;
    if ((id = ipc_sem_create(0, first, 2, 0600)) < 0) return 1;
    int32_t r = ipc_sem_op(id, both, 2, -1);
    left("both", r == 0, 0);
    r = ipc_sem_op(id, now, 2, -1);
    left("one too many", r == 0, r == -EAGAIN);
    if (ipc_fork(&p) == 0) {
        r = ipc_sem_take(id, 1, -1);
        printf("kid %d EIDRM=%d\n", r == 0, r == -EIDRM);
        exit(0);
    }
    while (ipc_sem_waiting(id, 1, 0) != 1) ipc_signal_sleep(10);
    ipc_sem_remove(id);
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    ipc_child_free(p);
    return 0;
}
