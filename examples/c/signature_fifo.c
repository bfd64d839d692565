/* "Let's say you'd like to have your .signature file be a named pipe that has a program on the other end. Now every time any
 * program tries to read from that file, the reading program will block and your program will supply the new signature."
 *
 * In the manual the pipe may be written by everybody; here it is the user's. A reader that goes away early is an error of
 * the write, and no deadly signal. Until TERM or Ctrl-C.
 *
 *     cc signature_fifo.c -lperlipc -o signature_fifo && ./signature_fifo ~/.signature & cat ~/.signature */
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : ".signature";
    ipc_cmd *fortune = ipc_cmd_shell("fortune -s || date");
    for (;;) {
        ipc_stream *fifo;
        ipc_capture *said;
        size_t len;
        /* Has anyone (or anything) accidentally removed our FIFO? */
        if (ipc_fifo_is(path) != 1 && (unlink(path), ipc_fifo_make(path, 0600)) < 0) break;
        if (ipc_fifo_open(path, ">", -1, &fifo) < 0) break; /* blocks until there's a reader */
        if (ipc_capture_run(fortune, NULL, 0, 10000, &said) < 0) break;
        const void *text = ipc_capture_output(said, &len);
        if (ipc_stream_write(fifo, "John Smith (smith@host.org)\n", 28) < 0 || ipc_stream_write(fifo, text, len) < 0)
            fprintf(stderr, "a reader went away: %s\n", ipc_error_last_text());
        ipc_capture_free(said);
        ipc_stream_free(fifo);
        ipc_signal_sleep(200); /* to avoid dup sigs */
    }
    fprintf(stderr, "signature_fifo: %s\n", ipc_error_last_text());
    ipc_cmd_free(fortune);
    return 1;
}
