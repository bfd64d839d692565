/* The same as status_reader with backticks, all of the output at once:
 *
 *     print grep { !/^(tcp|udp)/ } `netstat -an 2>&1`; die "bad netstat" if $?;
 *
 *     cc backticks.c -lperlipc -o backticks && ./backticks */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    ipc_cmd *cmd = ipc_cmd_shell("netstat -an 2>&1");
    ipc_capture *said;
    if (ipc_capture_run(cmd, NULL, 0, -1, &said) < 0) {
        fprintf(stderr, "backticks: %s\n", ipc_error_last_text());
        return 1;
    }
    size_t len;
    const char *line = ipc_capture_output(said, &len), *end = line + len;
    while (line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next + 1 : end;
        if (strncmp(line, "tcp", 3) != 0 && strncmp(line, "udp", 3) != 0) fwrite(line, 1, (size_t)(next - line), stdout);
        line = next;
    }
    int32_t status = ipc_capture_status(said);
    if (status != 0) fprintf(stderr, "bad netstat\n");
    ipc_capture_free(said);
    ipc_cmd_free(cmd);
    return status != 0;
}
