/* The manual's Unix server: a greeting and then a fortune (or the date) for each client, until TERM. Started twice, the
 * second one is told that the name is taken; after a crash the name is simply taken over.
 *
 *     cc unix_server.c -lperlipc -o unix_server && ./unix_server /tmp/catsock */
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
    printf("unix_server %d: ", (int)getpid());
    vprintf(format, words);
    printf(" at %s", ctime(&now));
    fflush(stdout);
    va_end(words);
}

static void tell(const char *event, int32_t pid, int32_t status, const char *text, void *name) {
    if (!strcmp(event, "start")) {
        logmsg("connection on %s", (const char *)name);
        logmsg("begat %d", pid);
    } else if (!strcmp(event, "end")) {
        if (status == 0) logmsg("reaped %d", pid);
        else logmsg("reaped %d with exit %d", pid, status);
    } else if (!strcmp(event, "error")) {
        logmsg("%s", text);
    }
}

int main(int argc, char **argv) {
    char *name = argc > 1 ? argv[1] : "/tmp/catsock";
    ipc_listener *listener;
    if (ipc_unix_listen(name, NULL, &listener) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    logmsg("server started on %s", name);
    ipc_cmd *cmd = ipc_cmd_shell("echo \"Hello there, it's now `date`\"; [ ! -x /usr/games/fortune ] || exec /usr/games/fortune; date");
    ipc_server *server = ipc_server_new(listener);
    ipc_server_log(server, tell, name);
    ipc_server_drain(server, "TERM", 5000);
    int32_t drained = ipc_server_exec(server, cmd) < 0 ? -1 : ipc_server_run(server);
    if (drained < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    ipc_cmd_free(cmd);
    ipc_server_free(server);
    return drained != 1;
}
