/* "The obvious thing you'd like to do doesn't actually work":
 *
 *     open(PROG_FOR_READING_AND_WRITING, "| some program |")
 *
 * "and if you forget to use the -w flag, then you'll miss out entirely on the diagnostic message". Not here: it is an error,
 * that says what was meant.
 *
 *     cc bidirectional.c -lperlipc -o bidirectional && ./bidirectional */
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    ipc_stream *prog_for_reading_and_writing;
    if (ipc_popen_open("| some program |", &prog_for_reading_and_writing) < 0) {
        printf("%s\n", ipc_error_last_text());
        return 0;
    }
    ipc_stream_free(prog_for_reading_and_writing);
    return 1;
}
