/* The limit: the bare system calls, and memcpy. */
#include "partner.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

static void op(int id, int index, int change) {
    struct sembuf one = {(unsigned short)index, (short)change, 0};
    if (syscall(SYS_semop, id, &one, 1) != 0) fail("semop");
}

static void semaphores(int pp) {
    int id = semget(IPC_PRIVATE, 2, 0600);
    if (id < 0) fail("semget");
    if (pp) {
        PARTNER(op(id, 0, -1); op(id, 1, 1));
        BATCHES(100, op(id, 0, 1); op(id, 1, -1));
        end_partner();
    } else {
        op(id, 0, 1);
        BATCHES(1000, op(id, 0, -1); op(id, 0, 1));
    }
    semctl(id, 0, IPC_RMID);
}

static void memory(size_t size, long count) {
    int id = shmget(IPC_PRIVATE, size, 0600);
    char *at = shmat(id, 0, 0), *in = malloc(size), *out = malloc(size);
    if (at == (void *)-1) fail("shmat");
    shmctl(id, IPC_RMID, 0);
    memset(in, 'x', size);
    /* Of a size that is known, as a user's program would have it. */
    if (size == SMALL)
        BATCHES(count, memcpy(at, in, SMALL); FORGET(); memcpy(out, at, SMALL); FORGET());
    else
        BATCHES(count, memcpy(at, in, size); FORGET(); memcpy(out, at, size); FORGET());
    if (out[size - 1] != 'x') wrong("byte", out[size - 1]);
}

static struct { long type; char body[BODY]; } message;

static void snd(int id, long type) {
    message.type = type;
    if (syscall(SYS_msgsnd, id, &message, BODY, 0) != 0) fail("msgsnd");
}

static void rcv(int id, long type) {
    if (syscall(SYS_msgrcv, id, &message, BODY, type, 0) != BODY) fail("msgrcv");
}

static void queue(int pp) {
    int id = msgget(IPC_PRIVATE, 0600);
    if (id < 0) fail("msgget");
    if (pp) {
        PARTNER(rcv(id, 1); snd(id, 2));
        BATCHES(100, snd(id, 1); rcv(id, 2));
        end_partner();
    } else {
        BATCHES(1000, snd(id, 1); rcv(id, 1));
    }
    msgctl(id, IPC_RMID, 0);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (is(what, "sem_pair")) semaphores(0);
    else if (is(what, "sem_pp") || is(what, "futex_pp")) semaphores(1);
    else if (is(what, "wr60")) memory(SMALL, 10000);
    else if (is(what, "wr16m")) memory(LARGE, 1);
    else if (is(what, "msg_self")) queue(0);
    else if (is(what, "msg_pp")) queue(1);
    else return 77;
    return 0;
}
