#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *argv[] = {"printf", "[%s]", "a b", "$HOME", "*", "new\nline", "\"q\"", "", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    ipc_capture *c;
    size_t len;
    if (ipc_capture_run(cmd, NULL, 0, -1, &c) < 0) return 1;
    const char *out = ipc_capture_output(c, &len);
    printf("%.*s\n", (int)len, out);
    ipc_capture_free(c);
    ipc_cmd_free(cmd);
    return 0;
}
