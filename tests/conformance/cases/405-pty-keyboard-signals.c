#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *keys[] = {"C", "\\", "D"}, *words[] = {"sh", "-c", "ulimit -c 0; stty -echo; echo ready; exec cat", NULL}, *line;
    for (int i = 0; i < 3; i++) {
        ipc_cmd *cmd = ipc_cmd_argv(words);
        ipc_stream *pty;
        int32_t st;
        if (ipc_pty_open(cmd, 24, 80, &pty) < 0 || ipc_stream_readline(pty, &line) < 0) return 1;
        char key = (char)ipc_pty_control(keys[i]);
        if (ipc_stream_write(pty, &key, 1) != 1 || ipc_child_wait(ipc_stream_child(pty), -1, &st) < 0) return 1;
        printf("^%s signal=%d code=%d\n", keys[i], st & 127, st >> 8);
        ipc_stream_free(pty);
        ipc_cmd_free(cmd);
    }
    return 0;
}
