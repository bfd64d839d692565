#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *says[] = {"#comment\nrest\n", "data\n", ""}, *line;
    ipc_stream *f, *a, *b;
    char first[4];
    for (int i = 0; i < 3; i++) {
        const char *argv[] = {"printf", "%s", says[i], NULL};
        ipc_cmd *cmd = ipc_cmd_argv(argv);
        if (ipc_popen_start(cmd, "-|", &f) < 0) return 1;
        int64_t len = ipc_stream_peek(f, first, 1);
        printf("[%.*s] ", (int)len, first);
        printf("%s", ipc_stream_readline(f, &line) > 0 ? line : "end\n");
        ipc_stream_close(f, NULL);
        ipc_stream_free(f);
        ipc_cmd_free(cmd);
    }
    if (ipc_unix_pair(&a, &b) < 0 || ipc_stream_write(a, "GET /\nmore\n", 11) < 0) return 1;
    if (ipc_stream_peek(b, first, 3) != 3 || ipc_stream_readline(b, &line) < 0) return 1;
    printf("%.3s: %s", first, line);
    if (ipc_stream_readline(b, &line) < 0) return 1;
    printf("%s", line);
    ipc_stream_free(a);
    ipc_stream_free(b);
    return 0;
}
