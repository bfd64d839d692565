#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void k(const char *signal, const char *target) {
    ipc_child *p;
    int32_t st, pid = ipc_fork(&p);
    if (pid == 0) {
        setpgid(0, 0);
        sleep(20);
        _exit(0);
    }
    usleep(200000);
    int32_t n = ipc_signal_kill(signal, target[0] == '-' ? -pid : pid);
    printf("%s %s -> %d errno=%d", signal, target, n < 0 ? 0 : n, n < 0 ? -n : 0);
    if (n < 0) ipc_signal_kill("KILL", pid);
    if (ipc_child_wait(p, -1, &st) < 0) _exit(1);
    printf(" sig=%d\n", ipc_status_signal(st));
    fflush(stdout);
    ipc_child_free(p);
}

int main(void) {
    k("-TERM", "P");
    k("-15", "P");
    k("TERM", "-P");
    k("-TERM", "-P");
    k("-SIGTERM", "P");
    return 0;
}
