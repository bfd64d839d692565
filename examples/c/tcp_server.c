/* The manual's TCP server, one client after the other, until TERM or Ctrl-C.
 *
 *     cc tcp_server.c -lperlipc -o tcp_server && ./tcp_server 2345 */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void logmsg(const char *what, const char *about) {
    time_t now = time(NULL);
    printf("tcp_server %d: %s %s at %s", (int)getpid(), what, about, ctime(&now));
    fflush(stdout);
}

static int32_t stop(int32_t signo, const char *name, void *stopping) {
    (void)signo, (void)name;
    *(int *)stopping = 1;
    return 1; /* Perl's die: accept is given up. */
}

int main(int argc, char **argv) {
    char addr[128], peer[128], host[256], text[512];
    ipc_listener *server;
    ipc_stream *client;
    int stopping = 0;
    if (ipc_tcp_listen(NULL, argc > 1 ? argv[1] : "2345", NULL, &server) < 0
        || ipc_listener_addr(server, addr, sizeof addr) < 0
        || ipc_signal_handle("TERM", stop, &stopping) < 0 || ipc_signal_handle("INT", stop, &stopping) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    logmsg("server started on", addr);
    while (!stopping) {
        int32_t code = ipc_listener_accept(server, -1, &client);
        if (code == PERLIPC_E_HANDLER) break;
        if (code < 0) {
            fprintf(stderr, "%s\n", ipc_error_last_text());
            break;
        }
        if (ipc_stream_peer(client, peer, sizeof peer) < 0) strcpy(peer, "?");
        if (ipc_addr_name(peer, 5000, host, sizeof host) < 0) strcpy(host, peer);
        /* The address is "127.0.0.1:2345" or "[::1]:2345". */
        char *port = strrchr(peer, ':'), *ip = peer + (*peer == '[');
        int len = (int)strcspn(ip, *peer == '[' ? "]" : ":");
        snprintf(text, sizeof text, "%s [ %.*s ] at port %s", host, len, ip, port ? port + 1 : "?");
        logmsg("connection from", text);
        time_t now = time(NULL);
        int n = snprintf(text, sizeof text, "Hello there, %s, it's now %s", host, ctime(&now));
        /* A client that has gone already is none of the server's business. */
        if (ipc_stream_write(client, text, (size_t)n) < 0) logmsg("lost", peer);
        ipc_stream_free(client);
    }
    ipc_listener_free(server);
    return !stopping;
}
