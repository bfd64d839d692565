/* A program of somebody else's, built against what was installed. Also C++. */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    ipc_stream *stream = NULL;
    const char *line = NULL;
    int32_t status = -1;
    if (ipc_version() != PERLIPC_VERSION) return 1;
    if (ipc_popen_open("echo installed |", &stream) < 0) return 2;
    if (ipc_stream_readline(stream, &line) != 10 || strcmp(line, "installed\n") != 0) return 3;
    if (ipc_stream_close(stream, &status) < 0 || status != 0) return 4;
    ipc_stream_free(stream);
    printf("perlipc %s\n", ipc_version_string());
    return 0;
}
