#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    ipc_stream *k;
    const char *line;
    int own, parent;
    int32_t pid = ipc_popen_fork("-|", 0, &k);
    if (pid < 0) return 1;
    if (pid == 0) {
        printf("%d %d\n", getpid(), getppid());
        exit(0);
    }
    if (ipc_stream_readline(k, &line) < 0 || sscanf(line, "%d %d", &own, &parent) != 2) return 1;
    printf("own: %d not the parent's: %d parent: %d\n", own == pid, own != getpid(), parent == getpid());
    ipc_stream_free(k);
    return 0;
}
