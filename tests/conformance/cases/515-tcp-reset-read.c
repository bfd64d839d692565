#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_listener *s;
    ipc_stream *c, *k;
    char port[16], b[9];
    if (ipc_tcp_listen("127.0.0.1", NULL, "backlog=1", &s) < 0) return 1;
    snprintf(port, sizeof port, "%d", ipc_listener_port(s));
    if (ipc_tcp_connect("127.0.0.1", port, NULL, -1, &c) < 0 || ipc_listener_accept(s, -1, &k) < 0) return 1;
    if (ipc_stream_write(c, "unread", 6) < 0) return 1;
    usleep(100000);
    ipc_stream_free(k);
    usleep(100000);
    long long n = ipc_stream_read(c, b, sizeof b);
    printf("%s RESET=%d\n", n < 0 ? "undef" : "defined", n == -ECONNRESET);
    printf("%lld\n", (long long)ipc_stream_read(c, b, sizeof b));
    ipc_stream_free(c);
    ipc_listener_free(s);
    return 0;
}
