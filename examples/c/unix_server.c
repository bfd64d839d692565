/* The manual's Unix server: a greeting and then a fortune (or the date) for each client, until TERM. Started twice, the
 * second one is told that the name is taken; after a crash the name is simply taken over.
 *
 *     cc unix_server.c -lperlipc -o unix_server && ./unix_server /tmp/catsock */
#include <perlipc.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "/tmp/catsock";
    ipc_listener *listener;
    if (ipc_unix_listen(name, NULL, &listener) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    printf("server started on %s\n", name);
    fflush(stdout);
    ipc_cmd *cmd = ipc_cmd_shell("echo \"Hello there, it's now `date`\"; [ ! -x /usr/games/fortune ] || exec /usr/games/fortune; date");
    ipc_server *server = ipc_server_new(listener);
    ipc_server_drain(server, "TERM", 5000);
    int32_t drained = ipc_server_exec(server, cmd) < 0 ? -1 : ipc_server_run(server);
    if (drained < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    ipc_cmd_free(cmd);
    ipc_server_free(server);
    return drained != 1;
}
