#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *a, *b;
    int32_t pid;
    uint32_t uid, gid;
    if (ipc_unix_pair(&a, &b) < 0 || ipc_unix_peer(a, &pid, &uid, &gid) < 0) return 1;
    printf("%d %u %u\n", pid == getpid(), uid, gid);
    ipc_stream_free(a);
    ipc_stream_free(b);
    return 0;
}
