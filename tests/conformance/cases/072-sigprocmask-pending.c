#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    printf("handler\n");
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    printf("was blocked: %d\n", ipc_signal_blocked("USR1"));
    ipc_signal_block("USR1");
    ipc_signal_kill("USR1", getpid());
    printf("pending: %d g=%d\n", ipc_signal_pending("USR1"), g);
    ipc_signal_suspend("USR1", -1);
    printf("back g=%d\n", g);
    ipc_signal_kill("USR1", getpid());
    printf("still blocked g=%d\n", g);
    ipc_signal_unblock("USR1");
    printf("end g=%d\n", g);
    return 0;
}
