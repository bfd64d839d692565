#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const char *words[] = {"sh", "-c", "while read l; do echo \"got $l\"; done; echo bye >&2; exit 4", NULL}, *line;
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_stream *r, *w;
    int32_t st, rest = 0;
    dup2(1, 2);
    int32_t pid = ipc_open2(cmd, &r, &w);
    if (pid < 0 || ipc_stream_write(w, "one\ntwo\n", 8) != 8) return 1;
    for (int i = 0; i < 2; i++) {
        if (ipc_stream_readline(r, &line) > 0) printf("%s", line);
    }
    fflush(stdout);
    if (ipc_stream_close(w, NULL) < 0) return 1;
    while (ipc_stream_readline(r, &line) > 0) rest++;
    printf("rest %d\n", rest);
    int32_t own = ipc_child_pid(ipc_stream_child(r));
    if (ipc_stream_close(r, &st) < 0) return 1;
    printf("pid=%d code=%d\n", own == pid, ipc_status_code(st));
    ipc_stream_free(r);
    ipc_stream_free(w);
    ipc_cmd_free(cmd);
    return 0;
}
