#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int32_t got(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)userdata;
    printf("got %s\n", name);
    return 0;
}

int main(void) {
    const char *sent[][3] = {{"CLD", "CHLD", "CLD"}, {"IOT", "IOT", "ABRT"}, {"POLL", "POLL", "IO"}};
    for (int i = 0; i < 3; i++) {
        if (ipc_signal_handle(sent[i][0], got, NULL) < 0) return 1;
        if (i == 0) printf("CHLD set: %d\n", strcmp(ipc_signal_disposition("CHLD"), "HANDLER") == 0);
        ipc_signal_kill(sent[i][1], getpid());
        ipc_signal_kill(sent[i][2], getpid());
    }
    return 0;
}
