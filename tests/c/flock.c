/* flock with a timeout. */
#include "check.h"
#include <sys/time.h>

static int32_t give_up(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

TEST(modes_and_timeouts) {
    int one = open(in_room("locked"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), other = open(in_room("locked"), O_RDONLY | O_CLOEXEC);
    SAME(ipc_flock(one, "SH", -1), 0);
    SAME(ipc_flock(other, "SH", 0), 0);
    FAILS(ipc_flock(one, "EX", 0), -ETIMEDOUT, "flock");
    SAME(ipc_flock(other, "UN", 0), 0);
    SAME(ipc_flock(one, "EX", -1), 0);
    double begin = now_ms();
    SAME(ipc_flock(other, "SH", 50), -ETIMEDOUT);
    CHECK(now_ms() - begin >= 50 && now_ms() - begin < 5000);
    FAILS(ipc_flock(other, "XX", 0), PERLIPC_E_INVALID, "flock");
    FAILS(ipc_flock(-1, "SH", 0), -EBADF, "flock");
    FAILS(ipc_flock(1000, "SH", 0), -EBADF, "flock");
    close(one);
    SAME(ipc_flock(other, "EX", 5000), 0);
    close(other);
}

/* The manual's timeout: alarm, and a handler that gives the flock up. */
TEST(an_alarm_ends_the_wait) {
    int one = open(in_room("locked"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), other = open(in_room("locked"), O_RDONLY | O_CLOEXEC);
    SAME(ipc_flock(one, "EX", -1), 0);
    SAME(ipc_signal_handle("ALRM", give_up, NULL), 0);
    struct itimerval soon = {{0, 0}, {0, 30000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    SAME(ipc_flock(other, "EX", -1), PERLIPC_E_HANDLER);
    setitimer(ITIMER_REAL, &soon, NULL);
    SAME(ipc_flock(other, "EX", 10000), PERLIPC_E_HANDLER);
    SAME(ipc_signal_default("ALRM"), 0);
    close(one);
    close(other);
}
