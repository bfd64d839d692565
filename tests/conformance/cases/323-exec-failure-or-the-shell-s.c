#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    const char *commands[] = {"nosuch_zz", "nosuch_zz a b", "nosuch_zz a|b;", "nosuch_zz \"q\"", "exec nosuch_zz", "/etc/passwd",
                              "/etc/passwd;", "/", "./no/such", "exit 9", "true; false"};
    const char *line;
    if (dup2(open("/dev/null", O_WRONLY), 2) < 0) return 1;
    for (int i = 0; i < 11; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        for (int two = 1; two >= 0; two--) {
            ipc_stream *r = NULL, *w = NULL;
            int32_t st = 0, started = two ? ipc_open2(cmd, &r, &w) : ipc_open3(cmd, &w, &r, NULL);
            if (started < 0) {
                printf("%s: error %d\n", commands[i], -started);
                continue;
            }
            while (ipc_stream_readline(r, &line) > 0) continue;
            if (ipc_stream_close(w, NULL) < 0 || ipc_stream_close(r, &st) < 0) return 1;
            printf("%s: %d\n", commands[i], ipc_status_code(st));
            ipc_stream_free(r);
            ipc_stream_free(w);
        }
        ipc_cmd_free(cmd);
    }
    printf("%d\n", wait(NULL));
    return 0;
}
