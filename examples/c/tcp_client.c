/* The manual's TCP client: prints what the server at HOST and PORT (number or service) says.
 *
 *     cc tcp_client.c -lperlipc -o tcp_client && ./tcp_client localhost 2345 */
#include <perlipc.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *host = argc > 1 ? argv[1] : "localhost", *port = argc > 2 ? argv[2] : "2345", *line;
    ipc_stream *sock;
    int64_t n;
    if (ipc_tcp_connect(host, port, NULL, 10000, &sock) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    while ((n = ipc_stream_readline(sock, &line)) > 0) fwrite(line, 1, (size_t)n, stdout);
    if (n < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    ipc_stream_free(sock);
    return n < 0;
}
