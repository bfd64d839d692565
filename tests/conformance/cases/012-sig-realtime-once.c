#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int calls;

static int32_t count(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    calls++;
    return 0;
}

int main(void) {
    if (ipc_signal_handle("RTMIN+2", count, NULL) < 0) return 1;
    ipc_signal_block("RTMIN+2");
    for (int i = 0; i < 5; i++) ipc_signal_kill("RTMIN+2", getpid());
    ipc_signal_unblock("RTMIN+2");
    printf("calls=%d\n", calls);
    ipc_signal_kill("RTMIN+2", getpid());
    printf("calls=%d\n", calls);
    return 0;
}
