/* perlipc through its C ABI, as a user would write it. */
#include "partner.h"

#include <perlipc.h>

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static void semaphores(int pp) {
    const int32_t values[2] = {!pp, 0};
    int32_t id = ipc_sem_create(PERLIPC_PRIVATE, values, 2, 0600);
    check(id);
    if (pp) {
        PARTNER(check(ipc_sem_take(id, 0, -1)); check(ipc_sem_give(id, 1)));
        BATCHES(100, check(ipc_sem_give(id, 0)); check(ipc_sem_take(id, 1, -1)));
        end_partner();
    } else {
        BATCHES(1000, check(ipc_sem_take(id, 0, -1)); check(ipc_sem_give(id, 0)));
    }
    check(ipc_sem_remove(id));
}

static void lock(void) {
    ipc_lock *lock;
    check(ipc_lock_open(NULL, 0600, &lock));
    BATCHES(1000, check(ipc_lock_take(lock, -1)); check(ipc_lock_give(lock)));
    ipc_lock_free(lock);
}

static void futexes(int pp) {
    ipc_futex *one, *other;
    check(ipc_futex_open(NULL, !pp, 0600, &one));
    check(ipc_futex_open(NULL, 0, 0600, &other));
    if (pp) {
        PARTNER(check(ipc_futex_take(one, -1)); check(ipc_futex_give(other)));
        BATCHES(100, check(ipc_futex_give(one)); check(ipc_futex_take(other, -1)));
        end_partner();
    } else {
        BATCHES(1000, check(ipc_futex_take(one, -1)); check(ipc_futex_give(one)));
    }
    ipc_futex_free(one);
    ipc_futex_free(other);
}

static void memory(size_t size, long count, int by_id) {
    int32_t id = ipc_shm_get(PERLIPC_PRIVATE, size, 0600);
    char *in = malloc(size), *out = malloc(size);
    void *at;
    check(id);
    memset(in, 'x', size);
    if (by_id) {
        BATCHES(count, check(ipc_shm_write(id, in, 0, size)); check(ipc_shm_read(id, out, 0, size)));
    } else {
        size_t len;
        check(ipc_shm_attach(id, 0, &at, &len));
        if (len < SMALL) wrong("length", (long long)len);
        BATCHES(count, memcpy(at, in, SMALL); FORGET(); memcpy(out, at, SMALL); FORGET());
    }
    if (out[size - 1] != 'x') wrong("byte", out[size - 1]);
    check(ipc_shm_remove(id));
}

static char body[BODY];

static void rcv(int32_t id, int64_t type) {
    if (ipc_msg_recv(id, type, body, BODY, 0, -1, &type) != BODY) wrong("length", type);
}

static void queue(int pp) {
    int32_t id = ipc_msg_get(PERLIPC_PRIVATE, 0600);
    check(id);
    if (pp) {
        PARTNER(rcv(id, 1); check(ipc_msg_send(id, 2, body, BODY, 0, -1)));
        BATCHES(100, check(ipc_msg_send(id, 1, body, BODY, 0, -1)); rcv(id, 2));
        end_partner();
    } else {
        BATCHES(1000, check(ipc_msg_send(id, 1, body, BODY, 0, -1)); rcv(id, 1));
    }
    check(ipc_msg_remove(id));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (is(what, "sem_pair")) semaphores(0);
    else if (is(what, "sem_pp")) semaphores(1);
    else if (is(what, "lock_pair")) lock();
    else if (is(what, "futex_pair")) futexes(0);
    else if (is(what, "futex_pp")) futexes(1);
    else if (is(what, "wr60")) memory(SMALL, 10000, 0);
    else if (is(what, "wr60_id")) memory(SMALL, 10000, 1);
    else if (is(what, "wr16m")) memory(LARGE, 1, 1);
    else if (is(what, "msg_self")) queue(0);
    else if (is(what, "msg_pp")) queue(1);
    else return 77;
    return 0;
}
