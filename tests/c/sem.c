/* System V semaphores: Perl's errors, waits that end in time, sets that nobody sees uninitialised. */
#include "check.h"
#include <sys/ipc.h>
#include <sys/sem.h>

static int32_t one(int32_t value) { return ipc_sem_create(PERLIPC_PRIVATE, &value, 1, 0600); }

TEST(creates_and_finds) {
    int32_t key = 0x7c000001, values[3] = {3, 0, 5}, found[3] = {9, 9, 9};
    SAME(ipc_sem_get(key, 0, 0), -ENOENT);
    int32_t id = ipc_sem_create(key, values, 3, 0600);
    CHECK(id >= 0);
    SAME(ipc_sem_create(key, values, 3, 0600), -EEXIST);
    SAME(ipc_sem_attach(key, 0), id);
    SAME(ipc_sem_open(key, values, 3, 0600, 0), id);
    SAME(ipc_sem_values(id, found, 3), 3);
    SAME(memcmp(values, found, sizeof found), 0);
    SAME(ipc_sem_values(id, found, 2), -ERANGE);
    SAME(ipc_sem_set_values(id, values, 2), -EINVAL);
    values[1] = 8;
    SAME(ipc_sem_set_values(id, values, 3), 0);
    SAME(ipc_sem_value(id, 1), 8);
    SAME(ipc_sem_stat(id, "nsems"), 3);
    SAME(ipc_sem_stat(id, "mode"), 0600);
    SAME(ipc_sem_stat(id, "key"), key);
    SAME(ipc_sem_stat(id, "cuid"), geteuid());
    SAME(ipc_sem_stat(id, "nosuch"), PERLIPC_E_INVALID);
    SAME(ipc_sem_change(id, "mode", 0640), 0);
    SAME(ipc_sem_stat(id, "mode"), 0640);
    SAME(ipc_sem_change(id, "seq", 1), PERLIPC_E_INVALID);
    FAILS(ipc_sem_change(id, "qbytes", 1), PERLIPC_E_INVALID, "semctl"); /* a queue's */
    int32_t bad = -1;
    SAME(ipc_sem_create(PERLIPC_PRIVATE, &bad, 1, 0600), -ERANGE);
    SAME(ipc_sem_create(PERLIPC_PRIVATE, NULL, 1, 0600), PERLIPC_E_INVALID);
    SAME(ipc_sem_remove(id), 0);
    FAILS(ipc_sem_remove(id), -EINVAL, "semctl");
}

/* An attacher waits for the values: a set of a bare semget is not initialised. */
TEST(waits_for_the_creator) {
    int32_t key = 0x7c000002, id = ipc_sem_get(key, 1, 0600 | PERLIPC_CREAT), status;
    FAILS(ipc_sem_attach(key, 20), -ETIMEDOUT, "attach");
    ipc_child *child;
    if (ipc_fork(&child) == 0) _exit(ipc_sem_give(id, 0) != 0);
    SAME(ipc_sem_attach(key, 10000), id);
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
    SAME(ipc_sem_remove(id), 0);
}

TEST(takes_and_gives) {
    int32_t id = one(1);
    SAME(ipc_sem_take(id, 0, -1), 0);
    FAILS(ipc_sem_take(id, 0, 0), -ETIMEDOUT, "semop");
    double begin = now_ms();
    SAME(ipc_sem_take(id, 0, 50), -ETIMEDOUT);
    CHECK(now_ms() - begin >= 50 && now_ms() - begin < 5000);
    SAME(ipc_sem_give(id, 0), 0);
    SAME(ipc_sem_value(id, 0), 1);
    SAME(ipc_sem_pid(id, 0), getpid());
    SAME(ipc_sem_take(id, 70000, -1), PERLIPC_E_INVALID);
    FAILS(ipc_sem_take(id, 7, -1), -EFBIG, "semop");
    CHECK(strstr(ipc_error_last_text(), "(which has 1 semaphore, no number 7)") != NULL);
    SAME(ipc_sem_set(id, 0, 32767), 0);
    SAME(ipc_sem_give(id, 0), -ERANGE);
    SAME(ipc_sem_remove(id), 0);
}

TEST(several_at_once_or_none) {
    int32_t values[2] = {0, 2}, id = ipc_sem_create(PERLIPC_PRIVATE, values, 2, 0600);
    const int16_t both[] = {1, -1, 0, 0, -1, PERLIPC_NOWAIT}, manual[] = {0, 0, 0, 0, 1, 0};
    SAME(ipc_sem_op(id, both, 2, -1), -EAGAIN);
    SAME(ipc_sem_value(id, 1), 2);
    SAME(ipc_sem_op(id, manual, 2, -1), 0);
    SAME(ipc_sem_op(id, manual, 2, 20), -ETIMEDOUT);
    SAME(ipc_sem_op(id, both, 2, -1), 0);
    SAME(ipc_sem_op(id, manual, 0, -1), -EINVAL);
    SAME(ipc_sem_op(id, NULL, 1, -1), -EINVAL);
    SAME(ipc_sem_remove(id), 0);
}

TEST(undo_gives_back) {
    int32_t id = one(1), status;
    ipc_child *child;
    if (ipc_fork(&child) == 0) _exit(ipc_sem_take_undo(id, 0, -1) != 0);
    SAME(ipc_child_wait(child, -1, &status), 0);
    SAME(status, 0);
    SAME(ipc_sem_value(id, 0), 1);
    ipc_child_free(child);
    SAME(ipc_sem_take_undo(id, 0, 0), 0);
    SAME(ipc_sem_give_undo(id, 0), 0);
    SAME(ipc_sem_remove(id), 0);
}

TEST(removal_ends_a_wait) {
    int32_t id = one(0), status;
    ipc_child *child;
    if (ipc_fork(&child) == 0) {
        while (ipc_sem_waiting(id, 0, 0) != 1) sched_yield();
        _exit(ipc_sem_remove(id) != 0);
    }
    FAILS(ipc_sem_take(id, 0, -1), -EIDRM, "semop");
    CHECK(strstr(ipc_error_last_text(), "RemoveIPC"));
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
}

static int32_t note(int32_t signo, const char *name, void *userdata) {
    (void)name;
    ++*(int *)userdata;
    return signo == SIGUSR2;
}

TEST(handlers_run_while_it_waits) {
    int32_t id = one(0), status;
    int runs = 0;
    pid_t parent = getpid();
    SAME(ipc_signal_handle("USR1", note, &runs), 0);
    SAME(ipc_signal_handle("USR2", note, &runs), 0);
    ipc_child *child;
    if (ipc_fork(&child) == 0) {
        while (ipc_sem_waiting(id, 0, 0) != 1) sched_yield();
        kill(parent, SIGUSR1);
        kill(parent, SIGUSR2);
        _exit(0);
    }
    SAME(ipc_sem_take(id, 0, 20000), PERLIPC_E_HANDLER);
    SAME(runs, 2);
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
    SAME(ipc_signal_default("USR1"), 0);
    SAME(ipc_signal_default("USR2"), 0);
    SAME(ipc_sem_remove(id), 0);
}

TEST(by_name) {
    int32_t value = 4, id = ipc_sem_named("perlipc-c-test", &value, 1, 0600, 1000), key;
    CHECK(id >= 0);
    SAME(ipc_sysv_key("perlipc-c-test", &key), 0);
    SAME(ipc_sem_attach(key, 0), id);
    SAME(ipc_sem_value(id, 0), 4);
    SAME(ipc_sem_remove(id), 0);
}

/* Perl at the other end: the manual's take waits for our give. */
TEST(with_perl) {
    int32_t id = one(1), status;
    char number[16];
    snprintf(number, sizeof number, "%d", id);
    ipc_child *child;
    ipc_cmd *cmd = CMD("perl", "-e", "exit !semop(shift, pack('sss', 0, 0, 0) . pack('sss', 0, 1, 0))", number);
    CHECK(ipc_cmd_start(cmd, &child) > 0);
    while (ipc_sem_waiting(id, 0, 1) != 1) sched_yield();
    SAME(ipc_sem_op(id, (const int16_t[]){0, -1, 0}, 1, -1), 0);
    SAME(ipc_child_wait(child, 20000, &status), 0);
    SAME(status, 0);
    SAME(ipc_sem_value(id, 0), 1);
    ipc_child_free(child);
    ipc_cmd_free(cmd);
    SAME(ipc_sem_remove(id), 0);
}
