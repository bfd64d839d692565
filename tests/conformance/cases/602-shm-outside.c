#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    int32_t id = ipc_shm_get(0, 100, 0600);
    char b[20] = "hello";
    if (id < 0 || ipc_shm_write(id, b, 0, sizeof b) < 0 || ipc_shm_read(id, b, 0, 8) < 0) return 1;
    printf("8 ");
    for (int i = 0; i < 8; i++) putchar(b[i] ? b[i] : '.');
    printf("\ntext '%s'\n", b);
    strcpy(b, "before");
    size_t places[][2] = {{200, 1}, {90, 20}, {(size_t)-1, 1}};
    for (int i = 0; i < 3; i++) {
        int64_t r = ipc_shm_read(id, b, places[i][0], places[i][1]);
        printf("%ld %zu: %d EFAULT=%d %s\n", (long)places[i][0], places[i][1], r >= 0, r == -EFAULT, b);
    }
    int64_t r = ipc_shm_write(id, "x", 100, 1);
    printf("write: %d EFAULT=%d\n", r >= 0, r == -EFAULT);
    ipc_shm_remove(id);
    return 0;
}
