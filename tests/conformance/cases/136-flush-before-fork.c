#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* C's stdio is not this library's: before a program that writes to the same place, it is flushed by hand. */
int main(void) {
    ipc_child *kid;
    ipc_stream *w;
    ipc_capture *c;
    int32_t st;
    size_t len;
    printf("a ");
    if (ipc_fork(&kid) == 0) exit(0);
    if (ipc_child_wait(kid, -1, &st) < 0) return 1;
    ipc_child_free(kid);
    printf("b ");
    fflush(stdout);
    ipc_cmd *cmd = ipc_cmd_shell("printf c");
    if (ipc_cmd_run(cmd, -1, &st) < 0) return 1;
    ipc_cmd_free(cmd);
    printf(" d ");
    cmd = ipc_cmd_shell("printf e");
    if (ipc_capture_run(cmd, NULL, 0, -1, &c) < 0) return 1;
    const char *out = ipc_capture_output(c, &len);
    printf("%.*s ", (int)len, out);
    ipc_capture_free(c);
    ipc_cmd_free(cmd);
    printf("g");
    if (ipc_popen_open("| cat > o", &w) < 0 || ipc_stream_write(w, "h", 1) != 1) return 1;
    if (ipc_fork(&kid) == 0) {
        ipc_stream_free(w);
        exit(0);
    }
    if (ipc_child_wait(kid, -1, &st) < 0) return 1;
    ipc_child_free(kid);
    ipc_stream_close(w, &st);
    ipc_stream_free(w);
    struct stat s;
    if (stat("o", &s) != 0) return 1;
    printf(" size=%d\n", (int)s.st_size);
    return 0;
}
