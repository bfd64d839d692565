#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t handler(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    printf("handler\n");
    return 0;
}

static void more(void) {
    ipc_signal_kill("INT", getpid());
    printf("still here, SIG=%s\n", ipc_signal_disposition("INT"));
}

static void precious(void) {
    ipc_saved *saved;
    if (ipc_signal_save("INT", &saved) < 0 || ipc_signal_ignore("INT") < 0) return;
    more();
    ipc_signal_restore(saved);
}

int main(void) {
    if (ipc_signal_handle("INT", handler, NULL) < 0) return 1;
    precious();
    ipc_signal_kill("INT", getpid());
    return 0;
}
