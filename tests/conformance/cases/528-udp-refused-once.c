#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static ipc_dgram *b;

static const char *told(int64_t answer) {
    return answer == -ECONNREFUSED ? "REFUSED" : answer == -ETIMEDOUT ? "nothing" : answer == 1 ? "1" : "other";
}

static void try_send(const char *what, const char *to) {
    printf("%s %s", what, told(ipc_dgram_send(b, "x", 1, to, -1)));
}

static void try_recv(const char *what) {
    char x[9];
    printf("%s %s", what, told(ipc_dgram_recv(b, x, sizeof x, 0, NULL)));
}

int main(void) {
    ipc_dgram *d;
    char dead[64];
    int32_t error;
    if (ipc_udp_open("127.0.0.1", NULL, NULL, &d) < 0 || ipc_dgram_addr(d, dead, sizeof dead) < 0) return 1;
    ipc_dgram_free(d);
    if (ipc_udp_open("127.0.0.1", NULL, NULL, &b) < 0) return 1;
    try_send("unconnected", dead);
    try_send("", dead);
    if (ipc_dgram_connect(b, dead) < 0) return 1;
    try_send("\nsent", NULL);
    try_recv(" recv");
    try_recv(" recv");
    try_send("\nsent", NULL);
    try_send(" send", NULL);
    try_send(" send", NULL);
    if (ipc_dgram_option_value(b, "error", &error) < 0) return 1;
    printf("\noption %s", error ? "REFUSED" : "nothing");
    try_recv(" recv");
    printf("\n");
    ipc_dgram_free(b);
    return 0;
}
