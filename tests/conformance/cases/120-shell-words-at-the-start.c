#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *commands[] = {"VAR=seen printenv VAR", "exec echo by exec", ". ./script", "echo a # b", "echo % ! ^ , : @ + = -",
                              "echo A=b c", "execute", ".hidden", "echo exec x", "/bin/echo =a"};
    FILE *o = fopen("script", "w");
    fputs("echo sourced\n", o);
    fclose(o);
    for (int i = 0; i < 10; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        ipc_stream *f;
        const char *line;
        int32_t r = ipc_popen_start(cmd, "-|", &f);
        if (r > 0 && ipc_stream_readline(f, &line) > 0) printf("%s: %s", commands[i], line);
        else printf("%s: no such file: %d\n", commands[i], r == -ENOENT);
        ipc_stream_free(f);
        ipc_cmd_free(cmd);
    }
    return 0;
}
