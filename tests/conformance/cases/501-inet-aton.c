#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const char *hosts[] = {"127.0.0.1", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433",
                           "localhost", "300.1.1.1", "1.2.3.4.5", " 127.0.0.1", "no.such.host.invalid"};
    for (int i = 0; i < 10; i++) {
        char addrs[1024];
        const char *found = "undef";
        if (ipc_addr_resolve_all(hosts[i], "0", -1, addrs, sizeof addrs) > 0) {
            for (char *one = strtok(addrs, "\n "); one; one = strtok(NULL, "\n ")) {
                if (*one == '[') continue;
                *strrchr(one, ':') = '\0';
                found = one;
                break;
            }
        }
        printf("'%s' %s\n", hosts[i], found);
    }
    return 0;
}
