/* The manual's "time" client by UDP: asks all hosts at once and waits for the answers, ten seconds for each. A host may
 * be host:port.
 *
 *     cc udp_time.c -lperlipc -o udp_time && ./udp_time localhost */
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECS_OF_70_YEARS 2208988800u

int main(int argc, char **argv) {
    const char *wait = getenv("UDP_TIME_WAIT_MS");
    int32_t limit = wait ? atoi(wait) : 10000;
    time_t now = time(NULL);
    ipc_dgram *sock;
    int count = 0;
    if (ipc_udp_open(NULL, NULL, NULL, &sock) < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    printf("%-24s %8s %s", "localhost", "0", ctime(&now));
    for (int i = 1; i < argc; i++) {
        char host[256], addr[128];
        snprintf(host, sizeof host, "%s", argv[i]);
        char *port = strrchr(host, ':');
        if (port) *port++ = 0;
        /* The port of "time" is the same for both protocols. */
        if (ipc_addr_resolve(host, port ? port : "time", 10000, addr, sizeof addr) < 0
            || ipc_dgram_send(sock, "0", 1, addr, 10000) < 0) {
            fprintf(stderr, "%s: %s\n", argv[i], ipc_error_last_text());
            continue;
        }
        count++;
    }
    while (count > 0) {
        unsigned char t[4];
        const char *from;
        int64_t n = ipc_dgram_recv(sock, t, 4, limit, &from);
        if (n < 0) break;
        if (n != 4) continue;
        time_t his = (time_t)(((uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3]) - SECS_OF_70_YEARS);
        printf("%-24s %8ld %s", from, (long)(his - time(NULL)), ctime(&his));
        count--;
    }
    if (count > 0) printf("%d unanswered\n", count);
    ipc_dgram_free(sock);
    return count > 0;
}
