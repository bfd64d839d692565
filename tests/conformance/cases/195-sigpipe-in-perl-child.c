#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *loop[] = {"perl", "-e", "$|=1; print \"x\\n\" while 1", NULL};
    const char *trap[] = {"perl", "-e", "$SIG{PIPE}=sub{exit 0}; $|=1; print \"x\\n\" while 1", NULL};
    const char *const *both[] = {loop, trap};
    for (int i = 0; i < 2; i++) {
        ipc_cmd *cmd = ipc_cmd_argv(both[i]);
        ipc_stream *f;
        const char *line;
        int32_t st;
        if (ipc_popen_start(cmd, "-|", &f) < 0 || ipc_stream_readline(f, &line) < 0) return 1;
        ipc_stream_close(f, &st);
        printf("[%s] %d\n", st == 0 ? "1" : "", st);
        ipc_stream_free(f);
        ipc_cmd_free(cmd);
    }
    return 0;
}
