#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static ipc_listener *l;
static ipc_stream *c, *k;

static int connected(void) {
    char port[8];
    snprintf(port, sizeof port, "%d", ipc_listener_port(l));
    return ipc_tcp_connect("127.0.0.1", port, NULL, -1, &c) == 0 && ipc_listener_accept(l, -1, &k) == 0;
}

static void line(void) {
    const char *x;
    int64_t n = ipc_stream_readline(c, &x);
    if (n == -ECONNRESET || n == -ETIMEDOUT) printf("undef %s\n", n == -ECONNRESET ? "RESET" : "timeout");
    else if (n <= 0) printf("undef no error\n");
    else printf("[%.*s] no error\n", (int)(n - (x[n - 1] == '\n')), x);
}

int main(void) {
    if (ipc_tcp_listen("127.0.0.1", NULL, NULL, &l) < 0 || !connected()) return 1;
    if (ipc_stream_write(k, "one\ntw", 6) < 0) return 1;
    line();
    ipc_stream_option(k, "linger", 0);
    ipc_stream_free(k);
    line();
    line();
    ipc_stream_free(c);
    if (!connected()) return 1;
    ipc_stream_timeout(c, 50);
    if (ipc_stream_write(k, "half", 4) < 0) return 1;
    line();
    if (ipc_stream_write(k, " more\n", 6) < 0) return 1;
    line();
    ipc_stream_free(c);
    ipc_stream_free(k);
    ipc_listener_free(l);
    return 0;
}
