/* A message goes through shared memory: the manual's program. Nothing is left of the segment.
 *
 *     cc shared_memory.c -lperlipc -o shared_memory && ./shared_memory */
#include <perlipc.h>
#include <stdio.h>
#include <stdlib.h>

static void give_up(void) {
    fprintf(stderr, "shared_memory: %s\n", ipc_error_last_text());
    exit(1);
}

int main(void) {
    char message[60] = "Message #1", buff[60];
    int32_t id = ipc_shm_get(PERLIPC_PRIVATE, 2000, 0600);
    if (id < 0) give_up();
    if (ipc_shm_write(id, message, 0, sizeof message) < 0) give_up();
    if (ipc_shm_read(id, buff, 0, sizeof buff) < 0) give_up();
    fwrite(buff, 1, sizeof buff, stdout); /* the NULs behind the message too, as Perl does */
    printf("\n");
    printf("deleting %d\n", id);
    if (ipc_shm_remove(id) < 0) give_up();
    return 0;
}
