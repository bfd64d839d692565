#include <arpa/inet.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_dgram *servers[3], *s;
    ipc_child *kids[2];
    char addrs[3][64];
    uint32_t rt;
    const char *from;
    for (int i = 0; i < 3; i++) {
        if (ipc_udp_open("127.0.0.1", NULL, NULL, &servers[i]) < 0) return 1;
        if (ipc_dgram_addr(servers[i], addrs[i], sizeof addrs[i]) < 0) return 1;
        if (i == 2) break;
        int32_t pid = ipc_fork(&kids[i]);
        if (pid < 0) return 1;
        if (pid == 0) {
            char b[9];
            rt = htonl(2208988800u + 100);
            _exit(ipc_dgram_recv(servers[i], b, sizeof b, -1, &from) < 0 || ipc_dgram_send(servers[i], &rt, 4, from, -1) < 0);
        }
    }
    if (ipc_udp_open("127.0.0.1", NULL, NULL, &s) < 0) return 1;
    int count = 0;
    for (; count < 3; count++)
        if (ipc_dgram_send(s, NULL, 0, addrs[count], -1) < 0) return 1;
    while (count > 0 && ipc_dgram_recv(s, &rt, 4, 700, &from) == 4) {
        printf("%u\n", (unsigned)(ntohl(rt) - 2208988800u));
        count--;
    }
    printf("unanswered=%d\n", count);
    for (int i = 0; i < 2; i++) {
        int32_t status;
        if (ipc_child_wait(kids[i], -1, &status) < 0) return 1;
        ipc_child_free(kids[i]);
    }
    for (int i = 0; i < 3; i++) ipc_dgram_free(servers[i]);
    ipc_dgram_free(s);
    return 0;
}
