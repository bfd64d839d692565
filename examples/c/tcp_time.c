/* The manual's "time" client: how far the clocks of the hosts are from this one's, by TCP. A host may be host:port.
 *
 *     cc tcp_time.c -lperlipc -o tcp_time && ./tcp_time localhost */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECS_OF_70_YEARS 2208988800u

int main(int argc, char **argv) {
    time_t now = time(NULL);
    int bad = 0;
    printf("%-24s %8s %s", "localhost", "0", ctime(&now));
    for (int i = 1; i < argc; i++) {
        char host[256];
        unsigned char t[4];
        ipc_stream *sock;
        snprintf(host, sizeof host, "%s", argv[i]);
        char *port = strrchr(host, ':');
        if (port) *port++ = 0;
        printf("%-24s ", argv[i]);
        int64_t n = ipc_tcp_connect(host, port ? port : "time", NULL, 10000, &sock);
        if (n == 0) {
            ipc_stream_timeout(sock, 10000);
            n = ipc_stream_read_full(sock, t, 4);
            ipc_stream_free(sock);
        }
        if (n != 4) {
            printf("%s\n", n < 0 ? ipc_error_last_text() : "a short answer");
            bad = 1;
            continue;
        }
        time_t his = (time_t)(((uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3]) - SECS_OF_70_YEARS);
        printf("%8ld %s", (long)(his - time(NULL)), ctime(&his));
    }
    return bad;
}
