#include <perlipc.h>
#include <stdio.h>

int main(void) {
    for (int raw = 0; raw < 2; raw++) {
        const char *words[] = {"sh", "-c", "read l; echo \"got $l\"", NULL};
        ipc_cmd *cmd = ipc_cmd_argv(words);
        ipc_stream *pty;
        char data[256];
        ipc_cmd_option(cmd, "terminal", raw ? "raw" : "echo,crlf");
        if (ipc_pty_open(cmd, 24, 80, &pty) < 0 || ipc_stream_write(pty, "hi\n", 3) != 3) return 1;
        int64_t n = ipc_stream_read_full(pty, data, sizeof data);
        printf("raw=%d ", raw);
        for (int64_t i = 0; i < n; i++) {
            if (data[i] == '\r') printf("<CR>");
            else if (data[i] == '\n') printf("<LF>");
            else putchar(data[i]);
        }
        printf("\n");
        ipc_stream_free(pty);
        ipc_cmd_free(cmd);
    }
    return 0;
}
