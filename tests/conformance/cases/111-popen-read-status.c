#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int32_t st;
    int32_t pid = ipc_popen_open("echo out; exit 3|", &f);
    printf("%d ", pid > 0);
    while (ipc_stream_readline(f, &line) > 0) printf("%s", line);
    ipc_stream_close(f, &st);
    printf("close=[%s] st=%d errno=0\n", st == 0 ? "1" : "", st);
    ipc_stream_free(f);
    pid = ipc_popen_open("echo ok;|", &f);
    if (pid < 0 || ipc_stream_readline(f, &line) < 0) return 1;
    ipc_stream_close(f, &st);
    printf("close=[%s] st=%d\n", st == 0 ? "1" : "", st);
    ipc_stream_free(f);
    return 0;
}
