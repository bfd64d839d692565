#include <perlipc.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    ipc_child *p;
    int raw;
    int32_t st, pid = ipc_fork(&p);
    if (pid == 0) {
        ipc_signal_kill("STOP", getpid());
        _exit(7);
    }
    waitpid(pid, &raw, WUNTRACED);
    printf("stopped=%d by %d raw=%x exited=%d signaled=%d\n", ipc_status_stopped(raw) > 0, ipc_status_stopped(raw), raw,
           ipc_status_code(raw) >= 0, ipc_status_signal(raw) > 0);
    ipc_signal_kill("CONT", pid);
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("then status=%x code=%d\n", st, ipc_status_code(st));
    ipc_child_free(p);
    fflush(stdout);
    if (ipc_fork(&p) == 0) {
        ipc_signal_kill("KILL", getpid());
        _exit(1);
    }
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("killed status=%x signal=%d\n", st, ipc_status_signal(st));
    ipc_child_free(p);
    return 0;
}
