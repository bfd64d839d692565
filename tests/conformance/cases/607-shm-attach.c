#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    int32_t id = ipc_shm_get(0, 4096, 0600);
    void *addr;
    size_t size;
    char b[15] = "";
    ipc_child *p;
    if (id < 0 || ipc_shm_attach(id, 0, &addr, &size) < 0) return 1;
    memcpy(addr, "from memory", 11);
    if (ipc_shm_read(id, b, 0, 11) < 0) return 1;
    printf("shmread: %s\n", b);
    fflush(stdout);
    if (ipc_fork(&p) == 0) _exit(ipc_shm_write(id, "from the child", 0, 14) < 0);
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    printf("memory: %.14s\n", (char *)addr);
    printf("detached: %d\n", ipc_shm_detach(addr) == 0);
    ipc_shm_remove(id);
    ipc_child_free(p);
    return 0;
}
