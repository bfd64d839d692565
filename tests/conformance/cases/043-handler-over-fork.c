#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static const char *who = "parent";

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    printf("handler in the %s\n", who);
    fflush(stdout);
    return 0;
}

int main(void) {
    const char *words[] = {"sh", "-c", "kill -USR2 $$; echo still here; kill -USR1 $$; echo never", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_child *p;
    int32_t st;
    if (ipc_signal_handle("USR1", handler, NULL) < 0 || ipc_signal_ignore("USR2") < 0) return 1;
    if (ipc_fork(&p) == 0) {
        who = "child";
        ipc_signal_kill("USR1", getpid());
        ipc_signal_ignore("USR1");
        ipc_signal_kill("USR1", getpid());
        _exit(0);
    }
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    ipc_signal_kill("USR1", getpid());
    if (ipc_cmd_run(cmd, -1, &st) < 0) return 1;
    printf("signal %d\n", st & 127);
    ipc_child_free(p);
    ipc_cmd_free(cmd);
    return 0;
}
