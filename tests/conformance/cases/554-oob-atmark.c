#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static const char *mark(ipc_stream *s) { return ipc_tcp_at_mark(s) == 1 ? "1" : "0 but true"; }

int main(void) {
    ipc_listener *s;
    ipc_stream *c, *k;
    char port[16], b[10];
    if (ipc_tcp_listen("127.0.0.1", NULL, NULL, &s) < 0) return 1;
    snprintf(port, sizeof port, "%d", ipc_listener_port(s));
    if (ipc_tcp_connect("127.0.0.1", port, NULL, -1, &c) < 0 || ipc_listener_accept(s, -1, &k) < 0) return 1;
    if (ipc_stream_write(c, "abc", 3) < 0 || ipc_tcp_send_urgent(c, '!') < 0 || ipc_stream_write(c, "def", 3) < 0) return 1;
    usleep(200000);
    int n = (int)ipc_stream_read(k, b, sizeof b);
    printf("first: %.*s mark=[%s]\n", n, b, mark(k));
    printf("oob: %c\n", ipc_tcp_recv_urgent(k));
    n = (int)ipc_stream_read(k, b, sizeof b);
    printf("rest: %.*s mark=[%s]\n", n, b, mark(k));
    ipc_stream_free(c);
    ipc_stream_free(k);
    ipc_listener_free(s);
    return 0;
}
