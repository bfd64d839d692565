#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *commands[] = {"exit 0;", "exit 1;", "exit 255;", "kill -9 $$;", "kill -TERM $$;"};
    for (int i = 0; i < 5; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        ipc_stream *f;
        char byte;
        int32_t st;
        if (ipc_popen_start(cmd, "-|", &f) < 0 || ipc_stream_read(f, &byte, 1) != 0 || ipc_stream_close(f, &st) < 0) return 1;
        int32_t code = ipc_status_code(st), signal = ipc_status_signal(st);
        printf("%s close=%d errno=0 status=%d code=%d signal=%d\n", commands[i], st == 0, st, code < 0 ? 0 : code,
               signal < 0 ? 0 : signal);
        ipc_stream_free(f);
        ipc_cmd_free(cmd);
    }
    return 0;
}
