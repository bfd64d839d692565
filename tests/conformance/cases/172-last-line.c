#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int32_t st, n = 0;
    if (ipc_popen_open("printf 'one\\n\\nthree'|", &f) < 0) return 1;
    while (ipc_stream_eof(f) == 0) {
        int64_t len = ipc_stream_readline(f, &line);
        int cut = len > 0 && line[len - 1] == '\n';
        printf("%d: [%.*s] chomped %d\n", ++n, (int)len - cut, line, cut);
    }
    printf("%s\n", ipc_stream_readline(f, &line) > 0 ? "more" : "end");
    if (ipc_stream_close(f, &st) < 0) return 1;
    printf("close=%d\n", st == 0);
    ipc_stream_free(f);
    return 0;
}
