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
    if (ipc_signal_handle("ALRM", handler, NULL) < 0) return 1;
    for (int any = 0; any < 2; any++) {
        ipc_child *p;
        int32_t st, pid = ipc_fork(&p);
        if (pid == 0) {
            usleep(400000);
            _exit(6);
        }
        g = 0;
        ipc_signal_alarm(100, 0);
        int32_t got = any ? ipc_wait_any(-1, &st) : ipc_wait_pid(pid, -1, &st);
        printf("%s: ours=%d status=%d g=%d\n", any ? "wait" : "waitpid", got == pid, ipc_status_code(st), g);
        fflush(stdout);
        ipc_child_free(p);
    }
    return 0;
}
