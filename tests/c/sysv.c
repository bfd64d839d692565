/* Keys, limits, and the list of all objects. */
#include "check.h"
#include <sys/ipc.h>

TEST(keys) {
    int32_t key = 0, other = 0;
    SAME(ipc_ftok("/etc/passwd", 1, &key), 0);
    SAME(key, ftok("/etc/passwd", 1));
    SAME(ipc_ftok("/etc/passwd", 200, &key), 0);
    SAME(key, ftok("/etc/passwd", 200));
    FAILS(ipc_ftok("/nonexistent", 1, &key), -ENOENT, "ftok");
    SAME(ipc_ftok(NULL, 1, &key), PERLIPC_E_INVALID);
    SAME(ipc_sysv_key("a", &key), 0);
    SAME(ipc_sysv_key("b", &other), 0);
    CHECK(key != other && key != PERLIPC_PRIVATE);
    SAME(PERLIPC_CREAT, IPC_CREAT);
    SAME(PERLIPC_EXCL, IPC_EXCL);
    SAME(PERLIPC_NOWAIT, IPC_NOWAIT);
}

TEST(limits) {
    CHECK(ipc_sysv_limit("semmni") > 0);
    CHECK(ipc_sysv_limit("shmmax") > 0);
    CHECK(ipc_sysv_limit("msgmnb") > 0);
    SAME(ipc_sysv_limit("nosuch"), PERLIPC_E_INVALID);
}

TEST(lists) {
    static char text[1 << 20];
    char line[64];
    int32_t value = 1, id = ipc_sem_create(PERLIPC_PRIVATE, &value, 1, 0600);
    int32_t len = ipc_sysv_list(text, sizeof text);
    SAME(len, strlen(text));
    snprintf(line, sizeof line, "sem %d 0x0 uid %d ", id, (int)geteuid());
    CHECK(strstr(text, line));
    SAME(ipc_sysv_list(text, 3), -ERANGE);
    SAME(ipc_sem_remove(id), 0);
    CHECK(ipc_sysv_list(text, sizeof text) >= 0);
    CHECK(!strstr(text, line));
}
