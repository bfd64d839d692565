#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int leader(void) {
    ipc_child *k[3];
    ipc_saved *saved;
    int32_t st;
    setpgid(0, 0);
    for (int i = 0; i < 3; i++) {
        if (ipc_fork(&k[i]) == 0) {
            sleep(20);
            _exit(0);
        }
    }
    usleep(200000);
    if (ipc_signal_save("HUP", &saved) < 0 || ipc_signal_ignore("HUP") < 0) return 1;
    printf("kill=%d\n", ipc_signal_kill("HUP", -getpid()));
    if (ipc_signal_restore(saved) < 0) return 1;
    for (int i = 0; i < 3; i++) {
        if (ipc_child_wait(k[i], -1, &st) < 0) return 1;
        printf("kid sig=%d\n", ipc_status_signal(st));
        ipc_child_free(k[i]);
    }
    printf("I survive\n");
    return 0;
}

int main(void) {
    ipc_child *p;
    int32_t st;
    if (ipc_fork(&p) == 0) return leader();
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("st=%d\n", st);
    ipc_child_free(p);
    return 0;
}
