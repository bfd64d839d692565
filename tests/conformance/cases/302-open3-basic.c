#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const char *line;
    ipc_stream *w, *r, *e;
    ipc_cmd *cmd = ipc_cmd_shell("read l; echo \"out $l\"; echo \"err $l\" >&2");
    if (ipc_open3(cmd, &w, &r, &e) < 0 || ipc_stream_write(w, "x\n", 2) != 2 || ipc_stream_close(w, NULL) < 0) return 1;
    if (ipc_stream_readline(r, &line) > 0) printf("r: %s", line);
    if (ipc_stream_readline(e, &line) > 0) printf("e: %s", line);
    ipc_stream_free(w);
    ipc_stream_free(r);
    ipc_stream_free(e);
    for (int i = 0; i < 3; i++) {
        char lines[2][32] = {"", ""};
        if (ipc_open3(cmd, &w, &r, NULL) < 0 || ipc_stream_write(w, "y\n", 2) != 2 || ipc_stream_close(w, NULL) < 0) return 1;
        for (int k = 0; k < 2; k++) {
            if (ipc_stream_readline(r, &line) > 0) strncpy(lines[k], line, 31);
        }
        int swap = strcmp(lines[0], lines[1]) > 0;
        printf("merged: %s %s", lines[swap], lines[!swap]);
        ipc_stream_free(w);
        ipc_stream_free(r);
    }
    ipc_cmd_free(cmd);
    return 0;
}
