#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *watch = "stty -echo -onlcr; trap \"echo WINCH; stty size; exit 0\" WINCH; stty size; while :; do sleep 0.05; done";
    const char *words[] = {"sh", "-c", watch, NULL}, *line;
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_stream *pty;
    if (ipc_pty_open(cmd, 30, 100, &pty) < 0) return 1;
    if (ipc_stream_readline(pty, &line) > 0) printf("at first: %s", line);
    ipc_pty_resize(pty, 40, 120);
    if (ipc_stream_readline(pty, &line) > 0) printf("then: %s", line);
    if (ipc_stream_readline(pty, &line) > 0) printf("now: %s", line);
    ipc_stream_free(pty);
    ipc_cmd_free(cmd);
    return 0;
}
