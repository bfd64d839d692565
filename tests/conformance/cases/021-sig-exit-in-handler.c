#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void end(void) {
    printf("END\n");
}

static int32_t leave(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    printf("leaving\n");
    exit(7);
}

int main(void) {
    atexit(end);
    if (ipc_signal_handle("TERM", leave, NULL) < 0) return 1;
    ipc_signal_kill("TERM", getpid());
    printf("not reached\n");
    return 0;
}
