#include <errno.h>
#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t on_pipe(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("%s\n", name);
    return 0;
}

int main(void) {
    ipc_stream *pty;
    struct stat st;
    char name[32];
    unsigned number;
    ipc_cmd *cmd = ipc_cmd_new("true");
    if (ipc_pty_open(cmd, 24, 80, &pty) < 0 || ipc_pty_name(pty, name, sizeof name) < 0) return 1;
    int slave = open(name, O_RDWR | O_NOCTTY);
    printf("%d%d%d\n", sscanf(name, "/dev/pts/%u", &number) == 1, stat(name, &st) == 0 && S_ISCHR(st.st_mode), isatty(slave));
    int32_t status;
    if (ipc_child_wait(ipc_stream_child(pty), -1, &status) < 0) return 1;
    close(slave);
    if (ipc_signal_handle("PIPE", on_pipe, NULL) < 0) return 1;
    int64_t n = ipc_stream_write(pty, "x\n", 2);
    if (n < 0) printf("undef errno=%d\n", errno);
    else printf("n=%lld\n", (long long)n);
    ipc_stream_close(pty, NULL);
    ipc_stream_free(pty);
    ipc_cmd_free(cmd);
    return 0;
}
