#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    ipc_stream *f;
    const char *line;
    int64_t len;
    int n = 0;
    if (ipc_popen_open("printf 'oneEN'; sleep 0.2; printf 'DtwoENDthree' |", &f) < 0) return 1;
    ipc_stream_separator(f, "END", 3);
    while ((len = ipc_stream_readline(f, &line)) > 0) {
        int cut = len >= 3 && memcmp(line + len - 3, "END", 3) == 0 ? 3 : 0;
        printf("%d %d %.*s\n", ++n, cut, (int)len - cut, line);
    }
    ipc_stream_free(f);
    return 0;
}
