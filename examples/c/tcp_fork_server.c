/* The manual's forking server: a process for each client, which gets a greeting and then a fortune (or the date), until
 * TERM. REAPER is the library's.
 *
 *     cc tcp_fork_server.c -lperlipc -o tcp_fork_server && ./tcp_fork_server 2345 */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void logmsg(const char *event, int32_t pid, int32_t status, const char *text, void *userdata) {
    char ended[64] = "";
    (void)userdata;
    if (!strcmp(event, "end")) ipc_status_text(status, ended, sizeof ended);
    printf("tcp_fork_server %d: %s %d %s%s\n", (int)getpid(), event, pid, text, ended);
    fflush(stdout);
}

/* In the child, the client on 0 and 1. */
static int32_t spawn(int32_t client, void *userdata) {
    (void)userdata;
    ipc_stream *stream;
    char peer[128], name[256] = "stranger";
    if (ipc_stream_adopt(client, &stream) == 0 && ipc_stream_peer(stream, peer, sizeof peer) >= 0
        && ipc_addr_name(peer, 5000, name, sizeof name) < 0)
        snprintf(name, sizeof name, "%s", peer);
    time_t now = time(NULL);
    printf("Hello there, %s, it's now %s", name, ctime(&now));
    fflush(stdout);
    execl("/usr/games/fortune", "fortune", (char *)0);
    execl("/bin/date", "date", (char *)0);
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
    printf("tcp_fork_server %d: server started on %s\n", (int)getpid(), addr);
    fflush(stdout);
    ipc_server *server = ipc_server_new(listener);
    ipc_server_handler(server, spawn, NULL);
    ipc_server_log(server, logmsg, NULL);
    ipc_server_drain(server, "TERM", 5000);
    int32_t drained = ipc_server_run(server);
    if (drained < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    ipc_server_free(server);
    return drained != 1;
}
