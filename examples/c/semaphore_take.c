/* Takes the semaphore: waits for it to be zero, then makes it one, in one step. A second one waits until semaphore_give
 * was run. (ipc_sem_take counts the other way, as most semaphores do.)
 *
 *     cc semaphore_take.c -lperlipc -o semaphore_take && ./semaphore_take */
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const int32_t key = 1234;
    const int16_t opstring[] = {
        0, 0, 0, /* wait for semaphore 0 to be zero */
        0, 1, 0, /* increment it */
    };
    int32_t id = ipc_sem_get(key, 0, 0);
    if (id < 0 || ipc_sem_op(id, opstring, 2, -1) < 0) {
        fprintf(stderr, "semaphore_take: %s\n", ipc_error_last_text());
        return 1;
    }
    return 0;
}
