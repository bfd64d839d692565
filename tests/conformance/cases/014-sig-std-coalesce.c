#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int c;

static int32_t count(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    c++;
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", count, NULL) < 0) return 1;
    ipc_signal_block("USR1");
    for (int i = 0; i < 5; i++) ipc_signal_kill("USR1", getpid());
    int32_t pending = ipc_signal_pending("USR1");
    printf("%s pend=%d c=%d\n", pending < 0 ? "undef" : "0 but true", pending, c);
    ipc_signal_unblock("USR1");
    printf("c=%d\n", c);
    return 0;
}
