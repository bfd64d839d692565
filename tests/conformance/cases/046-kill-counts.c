#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_child *k[3], *gone;
    int32_t pids[3], st, n;
    for (int i = 0; i < 3; i++) {
        pids[i] = ipc_fork(&k[i]);
        if (pids[i] == 0) {
            sleep(20);
            _exit(0);
        }
    }
    int32_t last = ipc_fork(&gone);
    if (last == 0) _exit(0);
    if (ipc_child_wait(gone, -1, &st) < 0) return 1;
    int32_t some[] = {pids[0], pids[1], last};
    n = ipc_signal_kill_all("TERM", some, 3);
    printf("n=%d ESRCH=%d\n", n, errno == ESRCH);
    printf("n=%d\n", ipc_signal_kill("TERM", pids[2]));
    for (int i = 0; i < 3; i++) {
        if (ipc_child_wait(k[i], -1, &st) < 0) return 1;
        printf("sig=%d\n", ipc_status_signal(st));
        ipc_child_free(k[i]);
    }
    n = ipc_signal_kill_all("TERM", &last, 1);
    printf("gone: n=%d ESRCH=%d\n", n, errno == ESRCH);
    printf("nobody: %d\n", ipc_signal_kill_all("TERM", some, 0));
    ipc_child_free(gone);
    return 0;
}
