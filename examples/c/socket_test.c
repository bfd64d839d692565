/* Perl's -S: whether a path is a socket.
 *
 *     cc socket_test.c -lperlipc -o socket_test && ./socket_test /dev/log */
#include <perlipc.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "/dev/log";
    int32_t is = ipc_unix_is(path);
    if (is < 0) fprintf(stderr, "%s\n", ipc_error_last_text());
    if (is == 0) printf("something's wicked with %s: it is no socket\n", path);
    if (is == 1) printf("%s is a socket\n", path);
    return is != 1;
}
