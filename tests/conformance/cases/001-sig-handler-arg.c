#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("args=(%s)\n", name);
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", handler, NULL) < 0 || ipc_signal_kill("USR1", getpid()) < 0) return 1;
    printf("next\n");
    return 0;
}
