#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t say(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name;
    printf("%s\n", (const char *)userdata);
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", say, "old") < 0) return 1;
    ipc_signal_block("USR1");
    ipc_signal_kill("USR1", getpid());
    if (ipc_signal_handle("USR1", say, "new") < 0) return 1;
    printf("still blocked\n");
    ipc_signal_unblock("USR1");
    printf("done\n");
    return 0;
}
