/* The manual's Unix client: prints what the server at a path says.
 *
 *     cc unix_client.c -lperlipc -o unix_client && ./unix_client /tmp/catsock */
#include <perlipc.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *line;
    ipc_stream *sock;
    int64_t n;
    if (ipc_unix_connect(argc > 1 ? argv[1] : "/tmp/catsock", NULL, 10000, &sock) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    while ((n = ipc_stream_readline(sock, &line)) > 0) fwrite(line, 1, (size_t)n, stdout);
    ipc_stream_free(sock);
    return n < 0;
}
