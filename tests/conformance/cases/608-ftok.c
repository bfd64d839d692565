#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <sys/stat.h>

static int32_t key(int32_t id) {
    int32_t k;
    return ipc_ftok("f", id, &k) < 0 ? -1 : k;
}

int main(void) {
    struct stat s;
    int32_t k;
    fclose(fopen("f", "w"));
    printf("same %d other %d char %d low bits %d missing %d\n", key(1) == key(1), key(2) != key(1), key('A') == key(65),
           key(7) >> 24 & 255, ipc_ftok("nosuch", 1, &k) != -ENOENT);
    if (stat("f", &s) < 0) return 1;
    printf("by inode %d\n", (key(1) & 0xffff) == (int32_t)(s.st_ino & 0xffff));
    return 0;
}
