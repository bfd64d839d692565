#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_dgram *a, *b;
    char x[99];
    int64_t n;
    if (ipc_dgram_pair(&a, &b) < 0 || ipc_dgram_send(b, "one", 3, NULL, -1) < 0 || ipc_dgram_send(b, "two", 3, NULL, -1) < 0) return 1;
    n = ipc_dgram_peek(a, x, sizeof x, -1, NULL);
    printf("peek %.*s\n", (int)n, x);
    for (int i = 0; i < 2; i++) {
        n = ipc_dgram_recv(a, x, sizeof x, 0, NULL);
        printf("recv %.*s\n", (int)n, x);
    }
    n = ipc_dgram_recv(a, x, sizeof x, 0, NULL);
    printf("%s EAGAIN=%d\n", n >= 0 ? "more" : "none", n == -ETIMEDOUT);
    ipc_dgram_free(a);
    ipc_dgram_free(b);
    return 0;
}
