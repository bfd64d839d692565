#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char o[64];

static int32_t note(int32_t signo, const char *name, void *userdata) {
    (void)signo;
    strcat(strcat(o, " "), name);
    return userdata != NULL;
}

int main(void) {
    const char *sent[] = {"TERM", "USR1", "HUP"};
    if (ipc_signal_handle("HUP", note, "bye") < 0) return 1;
    if (ipc_signal_handle("USR1", note, NULL) < 0 || ipc_signal_handle("TERM", note, NULL) < 0) return 1;
    ipc_signal_block("HUP,USR1,TERM");
    for (int i = 0; i < 3; i++) ipc_signal_kill(sent[i], getpid());
    if (ipc_signal_unblock("HUP,USR1,TERM") == PERLIPC_E_HANDLER) printf("err=bye\n");
    ipc_signal_dispatch(0); /* a safe point */
    printf("right after:%s\n", o);
    for (int i = 0; i < 100; i++) ipc_signal_dispatch(0);
    printf("later:%s\n", o);
    if (ipc_signal_handle("WINCH", note, NULL) < 0) return 1;
    ipc_signal_kill("WINCH", getpid());
    printf("after WINCH:%s\n", o);
    return 0;
}
