#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

int main(void) {
    ipc_child *p;
    if (ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    if (ipc_fork(&p) == 0) {
        usleep(1300000);
        return ipc_signal_kill("USR1", getppid()) != 1;
    }
    int64_t slept = 10000 - ipc_signal_sleep(10000);
    printf("g=%d slept=%s\n", g, slept >= 1000 && slept <= 2000 ? "1..2" : "something else");
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    ipc_child_free(p);
    return 0;
}
