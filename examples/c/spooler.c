/* "Here's how to start something up a child process you intend to write to":
 *
 *     open(SPOOLER, "| cat -v | lpr -h 2>/dev/null") || die "can't fork: $!";
 *     local $SIG{PIPE} = sub { die "spooler pipe broke" };
 *
 * No handler is needed here: a broken pipe is the error of the write that found it, and never a deadly signal. And close
 * does get its check: in the manual's `close SPOOLER || die` the || belongs to SPOOLER.
 *
 *     cc spooler.c -lperlipc -o spooler && ./spooler */
#include <perlipc.h>
#include <errno.h>
#include <stdio.h>

int main(void) {
    ipc_stream *spooler;
    int32_t status = 0;
    if (ipc_popen_open("| cat -v | lpr -h 2>/dev/null", &spooler) < 0) {
        fprintf(stderr, "can't fork: %s\n", ipc_error_last_text());
        return 1;
    }
    if (ipc_stream_write(spooler, "stuff\n", 6) == -EPIPE) fprintf(stderr, "spooler pipe broke\n");
    int32_t closed = ipc_stream_close(spooler, &status);
    ipc_stream_free(spooler);
    if (closed < 0 || status != 0) {
        char text[64] = "";
        ipc_status_text(status, text, sizeof text);
        fprintf(stderr, "bad spool: %s\n", closed < 0 ? ipc_error_last_text() : text);
        return 1;
    }
    return 0;
}
