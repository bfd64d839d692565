#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    ipc_listener *s;
    ipc_stream *k;
    ipc_child *p;
    const char *line;
    char port[16], peer[64];
    int32_t st;
    if (ipc_tcp_listen("127.0.0.1", "0", NULL, &s) < 0) return 1;
    snprintf(port, sizeof port, "%d", ipc_listener_port(s));
    if (ipc_fork(&p) == 0) {
        ipc_stream *c;
        if (ipc_tcp_connect("127.0.0.1", port, NULL, -1, &c) < 0 || ipc_stream_write(c, "hello\r\nlast", 11) != 11) exit(1);
        if (ipc_stream_shutdown(c) < 0) exit(1);
        while (ipc_stream_readline(c, &line) > 0) printf("client got: %s", line);
        exit(0);
    }
    if (ipc_listener_accept(s, -1, &k) < 0 || ipc_stream_peer(k, peer, sizeof peer) < 0) return 1;
    char *colon = strrchr(peer, ':');
    *colon = '\0';
    printf("from %s port>0: %d\n", peer, atoi(colon + 1) > 0);
    while (ipc_stream_readline(k, &line) > 0) {
        printf("line ");
        for (; *line; line++) printf(*line == '\r' ? "<CR>" : *line == '\n' ? "<LF>" : "%c", *line);
        printf("\n");
    }
    fflush(stdout);
    if (ipc_stream_write(k, "bye\n", 4) != 4 || ipc_stream_close(k, NULL) < 0 || ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("client code=%d\n", ipc_status_code(st));
    ipc_stream_free(k);
    ipc_child_free(p);
    ipc_listener_free(s);
    return 0;
}
