#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int status;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    errno = 13;
    status = 99;
    return 0;
}

int main(void) {
    if (ipc_signal_handle("USR1", handler, NULL) < 0) return 1;
    errno = 2;
    status = 5;
    ipc_signal_kill("USR1", getpid());
    printf("errno=%d status=%d\n", errno, status);
    return 0;
}
