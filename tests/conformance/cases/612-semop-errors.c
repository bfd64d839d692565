#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static int32_t id;

static void t(const char *name, const void *ops, size_t bytes) {
    /* The opstring's length, as Perl has it: no whole number of triples is none. */
    int32_t code = ipc_sem_op(id, ops, bytes % 6 ? 0 : bytes / 6, -1);
    printf("%s: [%d] %s\n", name, code >= 0, code < 0 ? ipc_error_name(code) : "");
}

int main(void) {
    static int16_t many[1800];
    id = ipc_sem_get(PERLIPC_PRIVATE, 2, 0600);
    t("nowait", (int16_t[]){0, -1, PERLIPC_NOWAIT}, 6);
    t("short", (int16_t[]){0, 1}, 4);
    t("len7", "1234567", 7);
    t("empty", "", 0);
    t("badnum", (int16_t[]){5, 1, 0}, 6);
    t("ok", (int16_t[]){0, 1, 0}, 6);
    ipc_sem_set(id, 0, 32767);
    t("overflow", (int16_t[]){0, 1, 0}, 6);
    for (int i = 0; i < 600; i++) memcpy(many + 3 * i, (int16_t[]){1, 1, 0}, 6);
    t("600ops", many, sizeof many);
    ipc_sem_set(id, 0, 0);
    ipc_sem_set(id, 1, 0);
    if (ipc_sem_op(id, (int16_t[]){1, 1, 0, 0, -1, PERLIPC_NOWAIT}, 2, -1) >= 0) return 1;
    printf("atomic: %d\n", ipc_sem_value(id, 1));
    ipc_sem_remove(id);
    return 0;
}
