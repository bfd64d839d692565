#include <perlipc.h>
#include <stdio.h>

static int64_t show(ipc_stream *f) {
    const char *record;
    int64_t len = ipc_stream_readline(f, &record);
    if (len > 0) printf("[%s]\n", record);
    return len;
}

int main(void) {
    ipc_stream *f;
    int lines = 1;
    if (ipc_popen_open("printf 'H: 1\nI: 2\n\n\n\nbody\n\nmore\n' |", &f) < 0) return 1;
    ipc_stream_separator(f, "", 0);
    show(f);
    ipc_stream_separator(f, "\n", 1);
    while (show(f) > 0) lines++;
    printf("%d\n", lines);
    ipc_stream_close(f, NULL);
    ipc_stream_free(f);
    if (ipc_popen_open("printf 'a\n\n'; sleep 0.2; printf '\n\nbcdefg' |", &f) < 0) return 1;
    ipc_stream_separator(f, "", 0);
    show(f);
    ipc_stream_record(f, 4);
    while (show(f) > 0) continue;
    ipc_stream_close(f, NULL);
    ipc_stream_free(f);
    return 0;
}
