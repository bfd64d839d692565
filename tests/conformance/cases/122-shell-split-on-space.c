#include <perlipc.h>
#include <stdio.h>
#include <sys/stat.h>

int main(void) {
    const char *commands[] = {"./show a  b", "./show\ta\t\tb", "./show\x0b" "a\x0c" "b\x0d" "c", " \t./show a "};
    FILE *o = fopen("show", "w");
    fputs("#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done; echo\n", o);
    fclose(o);
    chmod("show", 0755);
    for (int i = 0; i < 4; i++) {
        ipc_cmd *cmd = ipc_cmd_shell(commands[i]);
        ipc_capture *said;
        size_t len;
        if (ipc_capture_run(cmd, NULL, 0, -1, &said) < 0) return 1;
        const char *text = ipc_capture_output(said, &len);
        fwrite(text, 1, len, stdout);
        ipc_capture_free(said);
        ipc_cmd_free(cmd);
    }
    return 0;
}
