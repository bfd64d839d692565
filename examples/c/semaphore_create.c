/* Makes the semaphore that semaphore_take and semaphore_give use, and prints its id. The manual's program leaves the
 * number of semaphores out, with which it cannot work: it is 1.
 *
 *     cc semaphore_create.c -lperlipc -o semaphore_create && ./semaphore_create */
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const int32_t key = 1234;
    int32_t id = ipc_sem_get(key, 1, 0666 | PERLIPC_CREAT);
    if (id < 0) {
        fprintf(stderr, "semaphore_create: %s\n", ipc_error_last_text());
        return 1;
    }
    printf("%d\n", id);
    return 0;
}
