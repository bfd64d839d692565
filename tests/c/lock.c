/* The lock between processes: it survives its holder, who is told of. */
#include "check.h"

static const char *name(void) {
    static char text[64];
    snprintf(text, sizeof text, "c-test-%d", (int)getpid());
    return text;
}

TEST(excludes) {
    ipc_lock *lock, *other;
    int32_t status;
    SAME(ipc_lock_open(name(), 0600, &lock), 0);
    SAME(ipc_lock_open(name(), 0600, &other), 0);
    SAME(ipc_lock_take(lock, -1), 0);
    FAILS(ipc_lock_take(lock, -1), -EDEADLK, "lock");
    ipc_child *child;
    if (ipc_fork(&child) == 0) {
        if (ipc_lock_take(other, 20) != -ETIMEDOUT) _exit(1);
        if (!strstr(ipc_error_last_text(), "perlipc-lock-c-test-")) _exit(3);
        if (ipc_lock_give(other) != -EPERM) _exit(2);
        _exit(0);
    }
    SAME(ipc_child_wait(child, -1, &status), 0);
    SAME(status, 0);
    ipc_child_free(child);
    SAME(ipc_lock_give(lock), 0);
    FAILS(ipc_lock_give(lock), -EPERM, "unlock");
    SAME(ipc_lock_take(other, 0), 0);
    ipc_lock_free(other); /* gives it back */
    SAME(ipc_lock_take(lock, 0), 0);
    ipc_lock_free(lock);
    SAME(ipc_lock_remove(name()), 0);
    FAILS(ipc_lock_remove(name()), -ENOENT, "lock");
    ipc_lock_free(NULL);
    SAME(ipc_lock_take(NULL, 0), PERLIPC_E_INVALID);
    lock = (ipc_lock *)1;
    SAME(ipc_lock_open("", 0600, &lock), PERLIPC_E_INVALID);
    CHECK(lock == NULL);
}

TEST(a_holders_death_is_told) {
    ipc_lock *lock;
    int32_t status;
    int ends[2];
    char byte;
    SAME(ipc_lock_open(NULL, 0600, &lock), 0);
    SAME(pipe2(ends, O_CLOEXEC), 0);
    for (int round = 0; round < 20; round++) {
        ipc_child *child;
        if (ipc_fork(&child) == 0) {
            if (ipc_lock_take(lock, -1) != 0 || write(ends[1], "x", 1) != 1) _exit(1);
            for (;;) pause();
        }
        SAME(read(ends[0], &byte, 1), 1);
        SAME(ipc_lock_take(lock, 1), -ETIMEDOUT);
        SAME(ipc_child_kill(child, "KILL"), 1);
        SAME(ipc_lock_take(lock, 5000), 1);
        SAME(ipc_lock_give(lock), 0);
        SAME(ipc_lock_take(lock, 0), 0); /* told once */
        SAME(ipc_lock_give(lock), 0);
        SAME(ipc_child_wait(child, -1, &status), 0);
        ipc_child_free(child);
    }
    close(ends[0]);
    close(ends[1]);
    ipc_lock_free(lock);
}

static int32_t give_up(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)signame, (void)userdata;
    return 1;
}

static void *hold(void *lock) { return ipc_lock_take(lock, -1) == 0 ? lock : NULL; }

TEST(a_thread_is_a_holder_too) {
    ipc_lock *lock;
    pthread_t thread;
    void *held;
    SAME(ipc_lock_open(NULL, 0600, &lock), 0);
    SAME(pthread_create(&thread, NULL, hold, lock), 0);
    SAME(pthread_join(thread, &held), 0);
    CHECK(held == lock);
    SAME(ipc_lock_take(lock, 5000), 1);
    ipc_lock_free(lock);
}

TEST(a_handler_ends_the_wait) {
    ipc_lock *lock;
    int32_t status;
    pid_t parent = getpid();
    int ends[2];
    char byte;
    SAME(ipc_lock_open(NULL, 0600, &lock), 0);
    SAME(pipe2(ends, O_CLOEXEC), 0);
    SAME(ipc_signal_handle("USR1", give_up, NULL), 0);
    ipc_child *child;
    if (ipc_fork(&child) == 0) {
        if (ipc_lock_take(lock, -1) != 0 || write(ends[1], "x", 1) != 1) _exit(1);
        usleep(20000);
        kill(parent, SIGUSR1);
        for (;;) pause();
    }
    SAME(read(ends[0], &byte, 1), 1);
    SAME(ipc_lock_take(lock, 20000), PERLIPC_E_HANDLER);
    SAME(ipc_child_kill(child, "KILL"), 1);
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
    SAME(ipc_signal_default("USR1"), 0);
    close(ends[0]);
    close(ends[1]);
    ipc_lock_free(lock);
}

TEST(a_name_need_not_be_utf8) {
    ipc_lock *lock, *same;
    const char *name = in_room("not \xff UTF-8");
    SAME(ipc_lock_open(name, 0600, &lock), 0);
    SAME(ipc_lock_open(name, 0600, &same), 0);
    SAME(ipc_lock_take(lock, -1), 0);
    FAILS(ipc_lock_take(same, 0), -EDEADLK, "lock"); /* it is the same one */
    SAME(ipc_lock_give(lock), 0);
    SAME(ipc_lock_remove(name), 0);
    SAME(access(name, F_OK), -1);
    ipc_lock_free(lock);
    ipc_lock_free(same);
}

TEST(only_a_lock_is_removed) {
    const char *name = in_room("precious");
    FILE *file = fopen(name, "w");
    CHECK(file && fputs("precious", file) >= 0 && fclose(file) == 0);
    FAILS(ipc_lock_remove(name), PERLIPC_E_INVALID, "lock");
    FAILS(ipc_value_remove(name), PERLIPC_E_INVALID, "value");
    FAILS(ipc_futex_remove(name), PERLIPC_E_INVALID, "futex");
    SAME(unlink(name), 0);
}
