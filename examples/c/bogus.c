/* "Think of what happens when you start up a pipe to a command that doesn't exist ... writers to bogus command will trigger
 * a signal they'd better be prepared to handle":
 *
 *     open(FH, "|bogus"); print FH "bang\n"; close FH;
 *
 * Where the command is run directly, it is the open that fails, as in today's Perl. Behind a shell nobody can know before
 * the shell has failed: then the write may be EPIPE, and the status is the shell's 127. No signal either way.
 *
 *     cc bogus.c -lperlipc -o bogus && ./bogus */
#include <perlipc.h>
#include <errno.h>
#include <stdio.h>

int main(void) {
    ipc_stream *fh;
    int32_t status;
    int32_t pid = ipc_popen_open("|bogus", &fh);
    printf("open: %s\n", pid == -ENOENT ? "No such file or directory" : "?");
    if (pid > 0) ipc_stream_free(fh);

    if (ipc_popen_open("|bogus 2>/dev/null; exit $?", &fh) < 0) return 1;
    for (;;) { /* until the shell has gone */
        int64_t wrote = ipc_stream_write(fh, "bang\n", 5);
        if (wrote < 0) {
            printf("print: %s\n", wrote == -EPIPE ? "Broken pipe" : ipc_error_last_text());
            break;
        }
    }
    if (ipc_stream_close(fh, &status) < 0) return 1;
    printf("close: exited with %d\n", ipc_status_code(status));
    ipc_stream_free(fh);
    return 0;
}
