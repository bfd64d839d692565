#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t die(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

int main(void) {
    if (ipc_signal_handle("USR1", die, NULL) < 0) return 1;
    for (int i = 1; i <= 3; i++) {
        if (ipc_signal_kill("USR1", getpid()) == PERLIPC_E_HANDLER) printf("%d caught\n", i);
        else printf("no\n");
    }
    return 0;
}
