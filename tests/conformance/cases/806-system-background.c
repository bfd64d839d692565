#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <time.h>

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("sleep 1 >/dev/null 2>&1 &");
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    int32_t st, r = ipc_cmd_run(cmd, -1, &st);
    if (r < 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double took = (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    printf("status=%d at once=%d\n", st, took < 0.8);
    r = ipc_wait_any(-1, NULL);
    printf("child of ours: %d\n", r == -ECHILD ? -1 : r);
    ipc_cmd_free(cmd);
    return 0;
}
