#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

static void attempt(ipc_cmd *cmd) {
    ipc_child *p;
    int32_t st;
    fflush(stdout);
    if (ipc_fork(&p) == 0) {
        printf("before ");
        fflush(stdout);
        if (ipc_cmd_exec(cmd) < 0) printf("still here\n");
        exit(9);
    }
    if (ipc_child_wait(p, -1, &st) < 0) exit(1);
    printf("code %d\n", ipc_status_code(st));
    ipc_child_free(p);
    ipc_cmd_free(cmd);
}

int main(void) {
    const char *zero[] = {"sh", "-c", "echo \"$0 $1\"", "zero", "one two", NULL}, *name[] = {"/bin/sh", "-c", "echo $0", NULL};
    ipc_cmd *free_name = ipc_cmd_argv(name);
    ipc_cmd_option(free_name, "argv0", "-sh");
    attempt(ipc_cmd_argv(zero));
    attempt(ipc_cmd_shell("echo a  b"));
    attempt(ipc_cmd_shell("echo $((1+2)); exit 4"));
    attempt(free_name);
    attempt(ipc_cmd_shell("nosuch_xyz"));
    return 0;
}
