/* One start with everything asked for: for tests that make single system calls fail from outside (tests/c/inject.txt).
 * STEP and CODE in the environment say which step must fail, and by which errno; without them it must succeed. WORDS
 * asks for more: "group" in place of "session", "user", "read". */
#include "check.h"

static int wants(const char *word) {
    const char *words = getenv("WORDS");
    return words && strstr(words, word) != NULL;
}

static int32_t number_of(const char *name) {
    for (int n = 1; n < 200; n++)
        if (strcmp(ipc_error_name(n), name) == 0) return -n;
    return 0;
}

static ipc_cmd *everything(void) {
    ipc_cmd *cmd = CMD("sh", "-c", "exit 3");
    SAME(ipc_cmd_option(cmd, wants("group") ? "group" : "session", wants("group") ? "0" : "1"), 0);
    SAME(ipc_cmd_option(cmd, "umask", "077"), 0);
    SAME(ipc_cmd_option(cmd, "limit.core", "0"), 0);
    SAME(ipc_cmd_option(cmd, "die_with_parent", "KILL"), 0);
    SAME(ipc_cmd_dir(cmd, "/"), 0);
    SAME(ipc_cmd_redirect(cmd, 0, "null"), 0);
    SAME(ipc_cmd_redirect(cmd, 2, "&1"), 0);
    if (wants("user")) {
        SAME(ipc_cmd_user(cmd, "65534", "65534"), 0);
        SAME(ipc_cmd_option(cmd, "groups", "12,34"), 0);
    }
    return cmd;
}

TEST(start) {
    const char *step = getenv("STEP"), *code = getenv("CODE");
    int fails = step && strcmp(step, "ok") != 0;
    /* Twice: what fails in the child fails in each child, and the first must not have left anything. */
    for (int i = 0; i < 2; i++) {
        int32_t status = 0;
        ipc_child *child = (ipc_child *)1;
        ipc_cmd *cmd = everything();
        int32_t result = ipc_cmd_start(cmd, &child);
        ipc_cmd_free(cmd);
        if (fails) {
            SAME(result, number_of(code));
            TEXT(ipc_error_last_step(), step);
            CHECK(child == NULL);
            continue;
        }
        CHECK(result > 0);
        if (result <= 0) return;
        SAME(ipc_child_wait(child, 60000, &status), 0);
        SAME(ipc_status_code(status), 3);
        ipc_child_free(child);
    }
}
