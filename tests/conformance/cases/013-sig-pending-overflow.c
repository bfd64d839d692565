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
    if (ipc_signal_handle("RTMIN+1", count, NULL) < 0) return 1;
    ipc_signal_block("RTMIN+1");
    for (int i = 0; i < 125; i++) ipc_signal_kill("RTMIN+1", getpid());
    ipc_signal_unblock("RTMIN+1");
    printf("not reached? %d\n", c);
    return 0;
}
