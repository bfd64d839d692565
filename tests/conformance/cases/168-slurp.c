#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int64_t len;
    int lines = 0;
    if (ipc_popen_open("printf 'a\\nb\\n'; sleep 0.2; printf c|", &f) < 0) return 1;
    if (ipc_stream_readline(f, &line) > 0) printf("line: %s", line), lines++;
    ipc_stream_separator(f, NULL, 0);
    len = ipc_stream_readline(f, &line);
    printf("rest: ");
    for (int64_t i = 0; i < len; i++) putchar(line[i] == '\n' ? 'N' : line[i]);
    lines += len > 0;
    len = ipc_stream_readline(f, &line);
    printf("\nend: %s\nlines: %d\n", len == 0 ? "undef" : line, lines);
    ipc_stream_free(f);
    if (ipc_popen_open("true;|", &f) < 0) return 1;
    ipc_stream_separator(f, NULL, 0);
    for (lines = 0; ipc_stream_readline(f, &line) > 0;) lines++;
    printf("records of nothing: %d\n", lines);
    ipc_stream_free(f);
    return 0;
}
