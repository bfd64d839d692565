#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int32_t status, pid = ipc_popen_fork("-|", 0, &f);
    if (pid == 0) {
        ipc_cmd *cmd = ipc_cmd_new("echo");
        ipc_cmd_arg(cmd, "executed");
        printf("buffered\n");
        _exit(-ipc_cmd_exec(cmd) & 0xff);
    }
    while (ipc_stream_readline(f, &line) > 0) printf("%s", line);
    if (ipc_stream_close(f, &status) < 0) return 1;
    printf("%d\n", status);
    ipc_stream_free(f);
    return 0;
}
