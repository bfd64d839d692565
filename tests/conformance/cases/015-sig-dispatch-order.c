#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static const char *o[4];
static int n;

static int32_t note(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    o[n++ & 3] = name;
    return 0;
}

int main(void) {
    const char *sent[] = {"TERM", "USR2", "USR1", "HUP"};
    for (int i = 0; i < 4; i++)
        if (ipc_signal_handle(sent[i], note, NULL) < 0) return 1;
    ipc_signal_block("HUP,USR1,USR2,TERM");
    for (int i = 0; i < 4; i++) ipc_signal_kill(sent[i], getpid());
    ipc_signal_unblock("HUP,USR1,USR2,TERM");
    for (int i = 0; i < n; i++) printf("%s%s", i ? " " : "", o[i]);
    printf("\n");
    return 0;
}
