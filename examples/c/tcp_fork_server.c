/* The manual's forking server: a process for each client, which gets a greeting and then a fortune (or the date), until
 * TERM. REAPER is the library's.
 *
 *     cc tcp_fork_server.c -lperlipc -o tcp_fork_server && ./tcp_fork_server 2345 */
#include <perlipc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void logmsg(const char *format, ...) {
    time_t now = time(NULL);
    va_list words;
    va_start(words, format);
    printf("tcp_fork_server %d: ", (int)getpid());
    vprintf(format, words);
    printf(" at %s", ctime(&now));
    fflush(stdout);
    va_end(words);
}

/* The name of a peer's host, its address where it has none. */
static const char *host(const char *peer) {
    static char name[256];
    if (ipc_addr_name(peer, 5000, name, sizeof name) < 0) snprintf(name, sizeof name, "%s", peer);
    return name;
}

static void tell(const char *event, int32_t pid, int32_t status, const char *text, void *userdata) {
    (void)userdata;
    if (!strcmp(event, "start")) {
        /* The address is "127.0.0.1:2345" or "[::1]:2345". */
        const char *port = strrchr(text, ':'), *ip = text + (*text == '[');
        int len = (int)strcspn(ip, *text == '[' ? "]" : ":");
        if (port) logmsg("connection from %s [ %.*s ] at port %s", host(text), len, ip, port + 1);
        logmsg("begat %d", pid);
    } else if (!strcmp(event, "end")) {
        if (status == 0) logmsg("reaped %d", pid);
        else logmsg("reaped %d with exit %d", pid, status);
    } else if (!strcmp(event, "error")) {
        logmsg("%s", text);
    }
}

/* In the child, the client on 0 and 1. */
static int32_t spawn(int32_t client, void *userdata) {
    (void)userdata;
    ipc_stream *stream;
    char peer[128] = "stranger";
    if (ipc_stream_adopt(client, &stream) == 0 && ipc_stream_peer(stream, peer, sizeof peer) < 0) return 1;
    time_t now = time(NULL);
    printf("Hello there, %s, it's now %s", host(peer), ctime(&now));
    fflush(stdout);
    execl("/usr/games/fortune", "fortune", (char *)0);
    execlp("date", "date", (char *)0);
    return 127;
}

int main(int argc, char **argv) {
    char addr[128];
    ipc_listener *listener;
    if (ipc_tcp_listen(NULL, argc > 1 ? argv[1] : "2345", NULL, &listener) < 0
        || ipc_listener_addr(listener, addr, sizeof addr) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    logmsg("server started on %s", addr);
    ipc_server *server = ipc_server_new(listener);
    ipc_server_handler(server, spawn, NULL);
    ipc_server_log(server, tell, NULL);
    ipc_server_drain(server, "TERM", 5000);
    int32_t drained = ipc_server_run(server);
    if (drained < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    ipc_server_free(server);
    return drained != 1;
}
