#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *k;
    const char *line;
    int32_t st;
    int lines = 0;
    if (ipc_popen_fork("-|", 0, &k) == 0) {
        const char *argv[] = {"nosuch_xyz", "a", NULL};
        _exit(-ipc_cmd_exec(ipc_cmd_argv(argv)));
    }
    while (ipc_stream_readline(k, &line) > 0) lines++;
    ipc_stream_close(k, &st);
    printf("lines=%d r=[%s] st=%d\n", lines, st == 0 ? "1" : "", ipc_status_code(st));
    ipc_stream_free(k);
    return 0;
}
