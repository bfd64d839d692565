#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_dgram *a, *b;
    char dead[64];
    if (ipc_udp_open("127.0.0.1", NULL, NULL, &a) < 0 || ipc_dgram_addr(a, dead, sizeof dead) < 0) return 1;
    ipc_dgram_free(a);
    if (ipc_udp_open(NULL, NULL, "v4only", &b) < 0) return 1;
    long long n = ipc_dgram_send(b, "x", 1, NULL, -1);
    printf("%s DESTADDRREQ=%d\n", n < 0 ? "undef" : "sent", n == -EDESTADDRREQ);
    if (ipc_dgram_connect(b, dead) < 0) return 1;
    printf("%lld ", (long long)ipc_dgram_send(b, "x", 1, NULL, -1));
    usleep(100000);
    n = ipc_dgram_send(b, "x", 1, NULL, -1);
    printf("%s REFUSED=%d\n", n < 0 ? "undef" : "sent", n == -ECONNREFUSED);
    ipc_dgram_free(b);
    return 0;
}
