#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int32_t st;
    ipc_cmd *yes = ipc_cmd_new("yes");
    if (ipc_popen_start(yes, "-|", &f) < 0 || ipc_stream_readline(f, &line) < 0) return 1;
    printf("l=%s", line);
    ipc_stream_close(f, &st);
    printf("close=[%s] $?=%d errno=0\n", st == 0 ? "1" : "", st);
    ipc_stream_free(f);
    ipc_cmd_free(yes);
    return 0;
}
