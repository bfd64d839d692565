#include <fcntl.h>
#include <perlipc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    ipc_child *p;
    int32_t st;
    char text[8192] = "";
    int pid = ipc_fork(&p);
    if (pid == 0) {
        dup2(open("err", O_WRONLY | O_CREAT, 0600), 2);
        if (ipc_signal_trap("TERM") < 0) return 1;
        kill(getpid(), 15);
        printf("not reached\n");
        return 0;
    }
    if (ipc_child_wait(p, -1, &st) < 0) return 1;
    printf("signal=%d code=%d\n", st & 127, st >> 8);
    FILE *f = fopen("err", "r");
    if (!f || !fread(text, 1, sizeof text - 1, f)) return 1;
    printf("names it: %d\n", strstr(text, "TERM") != NULL);
    fclose(f);
    ipc_child_free(p);
    return 0;
}
