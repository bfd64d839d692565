#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const char *names[] = {"HUP", "INT", "QUIT", "KILL", "USR1", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "STOP", "SYS", "RTMIN",
                           "NUM35", "NUM63", "RTMAX", "IOT", "CLD", "POLL", NULL};
    for (int i = 0; names[i]; i++) printf("%s=%d\n", names[i], ipc_signal_number(names[i]));
    printf("17 is %s, 14 is %s, 64 is %s\n", ipc_signal_name(17), ipc_signal_name(14), ipc_signal_name(64));
    printf("ALRM is 17: %s\n", ipc_signal_number("ALRM") == 17 ? "yes" : "no");
    return 0;
}
