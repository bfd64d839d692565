#include <perlipc.h>
#include <unistd.h>

static int h;

static void show(void) {
    const char *argv[] = {"grep", "SigBlk", "/proc/self/status", NULL};
    if (ipc_cmd_exec(ipc_cmd_argv(argv)) < 0) _exit(1);
}

static int32_t inside(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    show();
    return 1;
}

static int32_t after(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    h = 1;
    return 0;
}

int main(void) {
    ipc_signal_fn handlers[] = {inside, after};
    for (int i = 0; i < 2; i++) {
        ipc_child *p;
        if (ipc_fork(&p) == 0) {
            if (ipc_signal_handle("HUP", handlers[i], NULL) < 0) return 1;
            ipc_signal_kill("HUP", getpid());
            if (h) show();
            return 1;
        }
        if (ipc_child_wait(p, -1, NULL) < 0) return 1;
        ipc_child_free(p);
    }
    return 0;
}
