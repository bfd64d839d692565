#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    ipc_dgram *s, *c, *d;
    const char *from, *words[] = {"one", "two"};
    char m[99];
    int64_t n;
    if (ipc_dgram_unix("serv", NULL, &s) < 0 || ipc_dgram_unix(NULL, NULL, &c) < 0) return 1;
    for (int i = 0; i < 2; i++) {
        if (ipc_dgram_send(c, words[i], 3, "serv", -1) < 0) return 1;
    }
    for (int i = 0; i < 2; i++) {
        n = ipc_dgram_recv(s, m, sizeof m, -1, &from);
        printf("got '%.*s' %s\n", (int)n, m, *from ? "from somebody" : "from nobody");
    }
    if (ipc_dgram_unix("cli", NULL, &d) < 0 || ipc_dgram_send(d, "three", 5, "serv", -1) < 0) return 1;
    n = ipc_dgram_recv(s, m, sizeof m, -1, &from);
    printf("got '%.*s' from %s\n", (int)n, m, from);
    if (ipc_dgram_send(s, "answer", 6, from, -1) < 0) return 1;
    n = ipc_dgram_recv(d, m, sizeof m, -1, NULL);
    printf("got '%.*s'\n", (int)n, m);
    ipc_dgram_free(s);
    ipc_dgram_free(c);
    ipc_dgram_free(d);
    return 0;
}
