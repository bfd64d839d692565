/* A named pipe: the manual has mknod(1) make it, or mkfifo(1) where that fails,
 *
 *     if (system('mknod', $path, 'p') && system('mkfifo', $path)) { die "mk{nod,fifo} $path failed"; }
 *
 * ("system return val is backwards, so && not ||".) One call here, for the user alone, and what stands there already is
 * an error.
 *
 *     cc make_fifo.c -lperlipc -o make_fifo && ./make_fifo path */
#include <perlipc.h>
#include <errno.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "fifo";
    int32_t made = ipc_fifo_make(path, 0600);
    if (made < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        return 1;
    }
    printf("%s %s\n", path, ipc_fifo_is(path) == 1 ? "is a named pipe" : "is something else");
    printf("a second time: %s\n", ipc_fifo_make(path, 0600) == -EEXIST ? "File exists" : "?");
    return 0;
}
