#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int32_t st = -1, n = ipc_wait_any(-1, &st);
    printf("wait: %d ECHILD=%d status=%d\n", n < 0 ? -1 : n, n == -ECHILD, st);
    n = ipc_wait_pid(getppid(), -1, &st);
    printf("stranger: %d ECHILD=%d\n", n < 0 ? -1 : n, n == -ECHILD);
    fflush(stdout);
    int pid = fork();
    if (pid == 0) _exit(3);
    n = ipc_wait_pid(pid, -1, &st);
    printf("ours: %d code=%d\n", n == pid, ipc_status_code(st));
    n = ipc_wait_pid(pid, -1, &st);
    printf("again: %d ECHILD=%d\n", n < 0 ? -1 : n, n == -ECHILD);
    return 0;
}
