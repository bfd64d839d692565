#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_child *kids[2], *other;
    int32_t pids[2], pid, status;
    for (int i = 0; i < 2; i++) {
        pids[i] = ipc_fork(&kids[i]);
        if (pids[i] == 0) {
            usleep(300000 * (i + 1));
            _exit(i + 1);
        }
        setpgid(pids[i], pids[0]);
    }
    if (ipc_fork(&other) == 0) _exit(9);
    while ((pid = ipc_wait_pid(-pids[0], -1, &status)) > 0)
        printf("%s %d\n", pid == pids[0] ? "first" : pid == pids[1] ? "second" : "other", ipc_status_code(status));
    puts(pid == -ECHILD ? "no more" : "?");
    if (ipc_child_wait(other, -1, &status) < 0) return 1;
    printf("%d\n", ipc_status_code(status));
    for (int i = 0; i < 2; i++) ipc_child_free(kids[i]);
    ipc_child_free(other);
    return 0;
}
