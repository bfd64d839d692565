#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    char data[99];
    if (ipc_popen_open("printf 'one\\ntwo\\n'; sleep 0.3; printf 'three\\n'|", &f) < 0) return 1;
    ipc_signal_sleep(100);
    if (ipc_stream_readline(f, &line) > 0) printf("readline: %s", line);
    int64_t n = ipc_stream_read(f, data, sizeof data);
    if (n > 0) printf("sysread: %.*s", (int)n, data);
    if (ipc_stream_readline(f, &line) > 0) printf("readline: %s", line);
    ipc_stream_free(f);
    return 0;
}
