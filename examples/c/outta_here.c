/* "You might also want to employ anonymous functions for simple signal handlers":
 *
 *     $SIG{INT} = sub { die "\nOutta here!\n" };
 *
 * Without anything that catches it, a die ends the program: here the handler's result travels out of the blocking call. */
#include <perlipc.h>

#include <stdio.h>
#include <unistd.h>

static int32_t outta_here(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)signame, (void)userdata;
    return 255;
}

int main(void) {
    ipc_stream *reader, *writer;
    if (ipc_signal_handle("INT", outta_here, NULL) < 0 || ipc_pipe_new(&reader, &writer) < 0) return 1;
    ipc_signal_alarm(10000, 0); /* in case nobody presses Ctrl-C */
    printf("waiting\n");
    fflush(stdout);
    const char *line;
    int64_t got = ipc_stream_readline(reader, &line); /* blocks for ever */
    ipc_stream_free(reader), ipc_stream_free(writer);
    if (got == PERLIPC_E_HANDLER) fprintf(stderr, "\nOutta here!\n");
    return got == PERLIPC_E_HANDLER ? 255 : 0;
}
