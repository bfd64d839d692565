#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int safe;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    int32_t pid;
    uint32_t uid;
    int64_t value;
    if (ipc_signal_sender(&pid, &uid, &value) < 0) return 1;
    printf("safe=%d %s pid is mine: %d uid is mine: %d\n", safe, name, pid == getpid(), uid == getuid());
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    for (safe = 0; safe < 2; safe++) ipc_signal_kill("USR1", getpid());
    return 0;
}
