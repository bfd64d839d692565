/* What the C library has: POSIX semaphores, robust mutexes, POSIX message queues. */
#include "partner.h"

#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>

static void *shared(void) {
    void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) fail("mmap");
    return at;
}

static void semaphores(int pp) {
    sem_t *one = shared(), *other = one + 1;
    sem_init(one, 1, !pp);
    sem_init(other, 1, 0);
    if (pp) {
        PARTNER(sem_wait(one); sem_post(other));
        BATCHES(100, sem_post(one); sem_wait(other));
        end_partner();
    } else {
        BATCHES(1000, sem_wait(one); sem_post(one));
    }
}

static void mutex(void) {
    pthread_mutex_t *lock = shared();
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(lock, &a);
    BATCHES(1000, pthread_mutex_lock(lock); pthread_mutex_unlock(lock));
}

static void queues(int pp) {
    struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = BODY};
    char body[BODY] = "";
    mqd_t to[2];
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "/bench-%d-%d", (int)getpid(), i);
        to[i] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
        if (to[i] < 0) exit(77);
        mq_unlink(name);
    }
    if (pp) {
        PARTNER(mq_receive(to[0], body, BODY, 0); mq_send(to[1], body, BODY, 0));
        BATCHES(100, mq_send(to[0], body, BODY, 0); if (mq_receive(to[1], body, BODY, 0) != BODY) fail("mq_receive"));
        end_partner();
    } else {
        BATCHES(1000, mq_send(to[0], body, BODY, 0); if (mq_receive(to[0], body, BODY, 0) != BODY) fail("mq_receive"));
    }
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (is(what, "futex_pair") || is(what, "sem_pair")) semaphores(0);
    else if (is(what, "futex_pp") || is(what, "sem_pp")) semaphores(1);
    else if (is(what, "lock_pair")) mutex();
    else if (is(what, "msg_self")) queues(0);
    else if (is(what, "msg_pp")) queues(1);
    else return 77;
    return 0;
}
