/* A handler that counts and gives up what it interrupted: the manual's catch_zap. Press Ctrl-C, or send SIGINT.
 *
 * In Perl: sub catch_zap { my $signame = shift; $shucks++; die "Somebody sent me a SIG$signame"; } $SIG{INT} = \&catch_zap;
 * The manual warns of print and malloc in a handler. Not here: it runs inside the blocking call, never inside the signal. */
#include <perlipc.h>

#include <stdio.h>

static int shucks;

static int32_t catch_zap(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)userdata;
    shucks++;
    printf("Somebody sent me a SIG%s\n", signame);
    return 1; /* die */
}

int main(void) {
    if (ipc_signal_handle("INT", catch_zap, NULL) < 0) return 1;
    printf("waiting\n");
    fflush(stdout);
    if (ipc_signal_sleep(60000) != PERLIPC_E_HANDLER) return 1;
    printf("shucks: %d\n", shucks);
    return 0;
}
