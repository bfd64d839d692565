/* Names and numbers of signals: the manual's @signame and %signo. "So to check whether signal 17 and SIGALRM were the
 * same, just do this." */
#include <perlipc.h>

#include <stdio.h>

int main(void) {
    printf("signal #17 = %s\n", ipc_signal_name(17));
    int32_t alrm = ipc_signal_number("ALRM");
    if (alrm > 0) printf("SIGALRM is %d\n", alrm);
    for (int32_t n = 1; n <= 31; n++) printf("%s%c", ipc_signal_name(n), n == 31 ? '\n' : ' ');
    return 0;
}
