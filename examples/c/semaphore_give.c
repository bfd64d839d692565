/* Gives the semaphore back: the process that waits in semaphore_take goes on.
 *
 *     cc semaphore_give.c -lperlipc -o semaphore_give && ./semaphore_give */
#include <perlipc.h>
#include <stdio.h>

int main(void) {
    const int32_t key = 1234;
    const int16_t opstring[] = {0, -1, 0}; /* decrement semaphore 0 */
    int32_t id = ipc_sem_get(key, 0, 0);
    if (id < 0 || ipc_sem_op(id, opstring, 1, -1) < 0) {
        fprintf(stderr, "semaphore_give: %s\n", ipc_error_last_text());
        return 1;
    }
    return 0;
}
