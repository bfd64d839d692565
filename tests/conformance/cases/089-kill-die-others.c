#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t give_up(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

static int32_t tell(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("[%s]", name);
    return 0;
}

int main(void) {
    ipc_child *p;
    int32_t st, both[2] = {getpid(), ipc_fork(&p)};
    if (both[1] == 0) {
        sleep(20);
        _exit(1);
    }
    if (ipc_signal_handle("TERM", give_up, NULL) < 0) return 1;
    printf("%s\n", ipc_signal_kill_all("TERM", both, 2) == PERLIPC_E_HANDLER ? "gave up" : "no");
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("child: %d\n", ipc_status_signal(st));
    ipc_child_free(p);
    if (ipc_signal_handle("USR1", tell, NULL) < 0) return 1;
    both[1] = both[0];
    int32_t n = ipc_signal_kill_all("USR1", both, 2);
    printf("%d\n", n);
    return 0;
}
