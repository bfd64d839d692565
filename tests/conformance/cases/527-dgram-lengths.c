#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

/* What fits of a message whose true length is n. */
static void show(const char *what, const char *x, int64_t n, int64_t cap) {
    printf("%s [%.*s]\n", what, (int)(n < cap ? n : cap), x);
}

int main(void) {
    ipc_dgram *a, *b;
    char x[9], here[64], there[64];
    const char *from;
    if (ipc_udp_open("127.0.0.1", NULL, NULL, &a) < 0 || ipc_udp_open("127.0.0.1", NULL, NULL, &b) < 0) return 1;
    if (ipc_dgram_addr(a, here, sizeof here) < 0 || ipc_dgram_addr(b, there, sizeof there) < 0) return 1;
    if (ipc_dgram_send(b, "hello", 5, here, -1) < 0) return 1;
    show("head", x, ipc_dgram_peek(a, x, 3, -1, NULL), 3);
    show("look", x, ipc_dgram_peek(a, x, 9, -1, NULL), 9);
    show("part", x, ipc_dgram_recv(a, x, 2, -1, NULL), 2);
    if (ipc_dgram_send(b, "hello", 5, here, -1) < 0) return 1;
    show("none", x, ipc_dgram_recv(a, x, 0, -1, NULL), 0);
    if (ipc_dgram_send(b, "", 0, here, -1) < 0) return 1;
    if (ipc_dgram_recv(a, x, 9, -1, &from) != 0) return 1;
    printf("empty [] from %s\n", strcmp(from, there) ? "nobody" : "the other");
    printf("%s\n", ipc_dgram_recv(a, x, 9, 0, NULL) == -ETIMEDOUT ? "no more" : "more");
    ipc_dgram_free(a);
    ipc_dgram_free(b);
    return 0;
}
