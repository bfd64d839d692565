/* Ignoring an interrupt for a while, also in the functions that are called from there: the manual's precious.
 *
 * In Perl: sub precious { local $SIG{INT} = 'IGNORE'; &more_functions; } */
#include <perlipc.h>

#include <stdio.h>
#include <unistd.h>

static void more_functions(void) {
    /* interrupts still ignored, for now... */
    if (ipc_signal_kill("INT", getpid()) == 1) printf("still here: %s\n", ipc_signal_disposition("INT"));
}

static int precious(void) {
    ipc_saved *saved;
    if (ipc_signal_save("INT", &saved) < 0 || ipc_signal_ignore("INT") < 0) return -1;
    more_functions();
    return ipc_signal_restore(saved); /* on every way out */
}

int main(void) {
    if (precious() < 0) return 1;
    printf("afterwards: %s\n", ipc_signal_disposition("INT"));
    return 0;
}
