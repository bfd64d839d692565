#include <errno.h>
#include <perlipc.h>
#include <stdio.h>

static ipc_stream *a, *b;

static void pair(void) {
    ipc_stream_free(a);
    ipc_stream_free(b);
    if (ipc_unix_pair(&a, &b) < 0) a = b = NULL;
}

static void reads(const char *who, ipc_stream *s) {
    char x[9];
    int64_t n = ipc_stream_read(s, x, sizeof x);
    printf(n < 0 ? "%s undef" : "%s '%.*s'", who, (int)n, x);
}

static void writes(const char *who, ipc_stream *s, const char *data, size_t len) {
    int64_t n = ipc_stream_write(s, data, len);
    if (n == -EPIPE) printf("%s EPIPE", who);
    else printf("%s %d", who, (int)n);
}

int main(void) {
    char name[9];
    pair();
    printf("%d", ipc_stream_shutdown_read(a) == 0);
    reads(" reads", a);
    writes(" peer writes", b, "x", 1);
    writes(" writes", a, "y", 1);
    reads(" peer reads", b);
    pair();
    if (ipc_stream_write(b, "early", 5) < 0) return 1;
    printf("\n%d", ipc_stream_shutdown_read(a) == 0);
    reads(" reads", a);
    reads(" then", a);
    pair();
    printf("\n%d", ipc_stream_shutdown(a) == 0);
    printf("%d", ipc_stream_shutdown(a) == 0);
    writes(" writes", a, "x", 1);
    reads(" peer reads", b);
    writes(" peer writes", b, "zz", 2);
    reads(" reads", a);
    pair();
    printf("\n%d", ipc_stream_shutdown_both(a) == 0);
    reads(" reads", a);
    writes(" writes", a, "x", 1);
    reads(" peer reads", b);
    writes(" peer writes", b, "x", 1);
    pair();
    printf("\n%d", ipc_stream_shutdown(a) == 0);
    printf("%d", ipc_stream_shutdown(b) == 0);
    reads(" reads", a);
    reads(" peer reads", b);
    printf(" connected %d\n", ipc_stream_peer(a, name, sizeof name) == 0);
    ipc_stream_free(a);
    ipc_stream_free(b);
    return 0;
}
