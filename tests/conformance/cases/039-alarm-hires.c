#include <perlipc.h>
#include <stdio.h>
#include <time.h>

static int c;

static int32_t count(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    c++;
    return 0;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void) {
    if (ipc_signal_handle("ALRM", count, NULL) < 0) return 1;
    double t = now();
    ipc_signal_alarm(100, 100);
    while (c < 3) ipc_signal_sleep(500);
    ipc_signal_alarm(0, 0);
    double d = now() - t;
    printf("c=%d d ok=%d\n", c, d >= 0.29 && d < 1);
    ipc_signal_alarm(2500, 0);
    int64_t left = ipc_signal_alarm(0, 0);
    printf("left ok=%d\n", left > 2300 && left <= 2500);
    return 0;
}
