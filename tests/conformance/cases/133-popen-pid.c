#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const char *words[] = {"sh", "-c", "echo $$", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_stream *h;
    const char *line;
    int32_t pid = ipc_popen_open("echo $$; exit 0|", &h);
    if (pid < 0 || ipc_stream_readline(h, &line) < 0) return 1;
    printf("read: %d\n", atoi(line) == pid);
    ipc_stream_free(h);
    pid = ipc_popen_open("|echo $$ > pid; cat", &h);
    if (pid < 0 || ipc_stream_close(h, NULL) < 0) return 1;
    ipc_stream_free(h);
    FILE *i = fopen("pid", "r");
    int own = 0;
    if (!i || fscanf(i, "%d", &own) != 1) return 1;
    fclose(i);
    printf("write: %d\n", own == pid);
    pid = ipc_popen_start(cmd, "-|", &h);
    if (pid < 0 || ipc_stream_readline(h, &line) < 0) return 1;
    printf("list: %d\n", atoi(line) == pid);
    printf("alive: %d\n", ipc_signal_kill("0", pid));
    if (ipc_stream_close(h, NULL) < 0) return 1;
    printf("gone: %d\n", ipc_signal_kill("0", pid) == -ESRCH ? 0 : 1);
    ipc_stream_free(h);
    ipc_cmd_free(cmd);
    return 0;
}
