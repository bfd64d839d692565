#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static int g;

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    g++;
    return 0;
}

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("sleep 0.3; exit 4"), *both = ipc_cmd_shell("echo a; sleep 0.3; echo b; exit 5");
    ipc_capture *said;
    size_t len;
    int32_t st;
    if (ipc_signal_handle("ALRM", handler, NULL) < 0) return 1;
    ipc_signal_alarm(100, 0);
    if (ipc_cmd_run(cmd, -1, &st) < 0) return 1;
    printf("system=%d g=%d\n", ipc_status_code(st), g);
    ipc_signal_alarm(100, 0);
    if (ipc_capture_run(both, NULL, 0, -1, &said) < 0) return 1;
    const char *out = ipc_capture_output(said, &len);
    printf("x=");
    for (size_t i = 0; i < len; i++) putchar(out[i] == '\n' ? ',' : out[i]);
    printf(" status=%d g=%d\n", ipc_status_code(ipc_capture_status(said)), g);
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
    ipc_cmd_free(both);
    return 0;
}
