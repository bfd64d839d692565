/* The manual's open2 example: ten lines to `cat -u -n` and back.
 *
 *     cc open2_cat.c -Iinclude -Lbuild/lib -lperlipc -Wl,-rpath,$PWD/build/lib -o open2_cat && ./open2_cat */
#include <perlipc.h>

#include <stdio.h>

int main(void) {
    ipc_stream *reader = NULL, *writer = NULL;
    const char *line;
    int32_t status;
    const char *const argv[] = {"cat", "-u", "-n", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    if (ipc_open2(cmd, &reader, &writer) < 0) goto failed;
    for (int i = 0; i < 10; i++) {
        if (ipc_stream_write(writer, "stuff\n", 6) < 0) goto failed;
        if (ipc_stream_readline(reader, &line) <= 0) goto failed;
        fputs(line, stdout);
    }
    if (ipc_stream_close(writer, NULL) < 0 || ipc_stream_close(reader, &status) < 0) goto failed;
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    ipc_cmd_free(cmd);
    return status == 0 ? 0 : 1;
failed:
    fprintf(stderr, "open2_cat: %s\n", ipc_error_last_text());
    return 1;
}
