/* The manual's open_proc example: ten lines, one by one, through `cat -n` on a pseudo-terminal, which needs no -u there.
 *
 *     cc open_proc.c -Iinclude -Lbuild/lib -lperlipc -Wl,-rpath,$PWD/build/lib -o open_proc && ./open_proc */
#include <perlipc.h>

#include <stdio.h>

int main(void) {
    ipc_stream *proc = NULL;
    const char *line;
    const char *const argv[] = {"cat", "-n", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    if (ipc_pty_open(cmd, 24, 80, &proc) < 0) goto failed;
    for (int i = 0; i < 10; i++) {
        if (ipc_stream_write(proc, "a line\n", 7) < 0) goto failed;
        if (ipc_stream_readline(proc, &line) <= 0) goto failed;
        printf("got back %s", line);
    }
    if (ipc_stream_close(proc, NULL) < 0) goto failed;
    ipc_stream_free(proc);
    ipc_cmd_free(cmd);
    return 0;
failed:
    fprintf(stderr, "open_proc: %s\n", ipc_error_last_text());
    return 1;
}
