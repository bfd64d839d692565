#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char got[100];

static int32_t note(int32_t number, const char *name, void *what) {
    (void)number, (void)name;
    if (*got) strcat(got, " ");
    strcat(got, what);
    return 0;
}

static void handle(const char *name, char *what) { ipc_signal_handle(name, note, what); }

static void kill_me(const char *name) { ipc_signal_kill(name, getpid()); }

int main(void) {
    ipc_saved *outer, *inner;
    handle("USR1", "outer");
    if (ipc_signal_save("USR1", &outer) < 0) return 1;
    handle("USR1", "inner");
    kill_me("USR1");
    if (ipc_signal_save("USR1", &inner) < 0) return 1;
    ipc_signal_ignore("USR1");
    kill_me("USR1");
    ipc_signal_restore(inner);
    kill_me("USR1");
    ipc_signal_restore(outer);
    kill_me("USR1");
    printf("%s\n", got);
    *got = '\0';
    handle("USR1", "one");
    handle("USR2", "two");
    ipc_signal_block("USR1 USR2");
    kill_me("USR2");
    kill_me("USR1");
    kill_me("USR1");
    printf("pending %d%d got [%s]\n", ipc_signal_pending("USR1"), ipc_signal_pending("USR2"), got);
    ipc_signal_unblock("USR1 USR2");
    ipc_signal_dispatch(0);
    printf("then [%s]\n", got);
    *got = '\0';
    ipc_signal_block("USR1");
    kill_me("USR1");
    ipc_signal_ignore("USR1");
    handle("USR1", "late");
    ipc_signal_unblock("USR1");
    ipc_signal_dispatch(0);
    printf("thrown away [%s]\n", got);
    return 0;
}
