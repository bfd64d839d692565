/* The semaphore on a futex: quick, and without undo. */
#include "check.h"

TEST(counts) {
    char name[64];
    snprintf(name, sizeof name, "c-test-%d", (int)getpid());
    ipc_futex *one, *other;
    SAME(ipc_futex_open(name, 2, 0600, &one), 0);
    SAME(ipc_futex_open(name, 9, 0600, &other), 0); /* its maker's value stays */
    SAME(ipc_futex_value(other), 2);
    SAME(ipc_futex_take(one, -1), 0);
    SAME(ipc_futex_take(other, 0), 0);
    FAILS(ipc_futex_take(one, 0), -ETIMEDOUT, "futex");
    double begin = now_ms();
    SAME(ipc_futex_take(one, 150), -ETIMEDOUT);
    CHECK(now_ms() - begin >= 150 && now_ms() - begin < 10000);
    SAME(ipc_futex_give(other), 0);
    SAME(ipc_futex_value(one), 1);
    ipc_futex_free(one);
    SAME(ipc_futex_take(other, -1), 0);
    ipc_futex_free(other);
    SAME(ipc_futex_remove(name), 0);
    FAILS(ipc_futex_remove(name), -ENOENT, "futex");
    FAILS(ipc_futex_open(NULL, 2147483648u, 0600, &one), -EINVAL, "futex");
    CHECK(one == NULL);
    SAME(ipc_futex_open(NULL, 2147483647, 0600, &one), 0);
    FAILS(ipc_futex_give(one), -EOVERFLOW, "futex");
    ipc_futex_free(one);
    ipc_futex_free(NULL);
    SAME(ipc_futex_take(NULL, 0), PERLIPC_E_INVALID);
    SAME(ipc_futex_take((ipc_futex *)"no such handle", 0), PERLIPC_E_INVALID);
}

/* Two processes take turns. */
TEST(wakes_who_waits) {
    ipc_futex *there, *back;
    int32_t status;
    SAME(ipc_futex_open(NULL, 0, 0600, &there), 0);
    SAME(ipc_futex_open(NULL, 0, 0600, &back), 0);
    ipc_child *child;
    if (ipc_fork(&child) == 0) {
        for (int n = 0; n < 2000; n++)
            if (ipc_futex_take(there, -1) != 0 || ipc_futex_give(back) != 0) _exit(1);
        _exit(0);
    }
    int same = 0;
    for (int n = 0; n < 2000; n++) same += ipc_futex_give(there) == 0 && ipc_futex_take(back, 20000) == 0;
    SAME(same, 2000);
    SAME(ipc_child_wait(child, -1, &status), 0);
    SAME(status, 0);
    ipc_child_free(child);
    ipc_futex_free(there);
    ipc_futex_free(back);
}

static int32_t give_up(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

TEST(a_handler_ends_the_wait) {
    ipc_futex *futex;
    SAME(ipc_futex_open(NULL, 0, 0600, &futex), 0);
    SAME(ipc_signal_handle("ALRM", give_up, NULL), 0);
    ualarm(20000, 0);
    SAME(ipc_futex_take(futex, 20000), PERLIPC_E_HANDLER);
    SAME(ipc_signal_default("ALRM"), 0);
    ipc_futex_free(futex);
}
