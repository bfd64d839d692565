/* Perl's `use sigtrap`: deadly signals end the program in good order, with a stack trace, and whoever waits sees the
 * signal. Run it and look at the exit status; addr2line -e PROGRAM OFFSET names the lines. */
#include <perlipc.h>

#include <stdio.h>
#include <unistd.h>

static void last_act(int32_t signo, void *userdata) {
    /* Inside the signal: write and _exit, no more. */
    const char *said = userdata;
    (void)signo;
    if (write(2, said, 15) != 15) _exit(1);
}

int main(void) {
    if (ipc_signal_trap("stack-trace normal-signals") < 0) return 1;
    if (ipc_signal_trap_handle("error-signals", last_act, (void *)"tidying up ...\n") < 0) return 1;
    printf("about to read from nowhere\n");
    fflush(stdout);
    volatile int *volatile nowhere = NULL;
    return *nowhere;
}
