#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int depth, again;

static int32_t one(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("%s at %d\n", name, ++depth);
    if (!again++) {
        ipc_signal_kill("USR1", getpid());
        ipc_signal_kill("USR2", getpid());
        printf("back at %d\n", depth);
    }
    depth--;
    return 0;
}

static int32_t two(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("%s at %d\n", name, ++depth);
    depth--;
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", one, NULL) < 0 || ipc_signal_handle("USR2", two, NULL) < 0) return 1;
    ipc_signal_kill("USR1", getpid());
    printf("end at %d\n", depth);
    return 0;
}
