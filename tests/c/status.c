/* $? in all its forms, made by real children that end in every way. */
#include "check.h"

static int32_t run(const char *script) {
    int32_t status = 12345;
    ipc_cmd *cmd = CMD("/bin/sh", "-c", script);
    SAME(ipc_cmd_option(cmd, "limit.core", "0"), 0);
    SAME(ipc_cmd_run(cmd, 30000, &status), 0);
    ipc_cmd_free(cmd);
    return status;
}

static const char *words(int32_t status) {
    static char text[64];
    SAME(ipc_status_text(status, text, sizeof text), strlen(text));
    return text;
}

TEST(exited) {
    int32_t status = run("exit 3");
    SAME(status, 3 << 8);
    SAME(ipc_status_code(status), 3);
    SAME(ipc_status_signal(status), 0);
    SAME(ipc_status_core(status), 0);
    SAME(ipc_status_stopped(status), 0);
    SAME(ipc_status_known(status), 1);
    SAME(ipc_status_shell(status), 3);
    TEXT(words(status), "exited with 3");
    SAME(run("exit 0"), 0);
    SAME(ipc_status_code(run("exit 255")), 255);
    TEXT(words(0), "exited with 0");
}

TEST(killed) {
    int32_t status = run("kill -TERM $$");
    SAME(status, SIGTERM);
    SAME(ipc_status_code(status), PERLIPC_E_STATUS);
    SAME(errno, EINVAL);
    SAME(ipc_status_signal(status), SIGTERM);
    SAME(ipc_status_known(status), 1);
    SAME(ipc_status_shell(status), 128 + SIGTERM);
    TEXT(words(status), "killed by TERM");
    SAME(ipc_status_signal(run("kill -KILL $$")), SIGKILL);
    SAME(ipc_status_signal(run("kill -40 $$")), 40);
    TEXT(words(40), "killed by NUM40");
}

TEST(dumped) {
    /* As the kernel says it; whether a core is written is the machine's affair. */
    int32_t status = SIGSEGV | 0x80;
    SAME(ipc_status_core(status), 1);
    SAME(ipc_status_signal(status), SIGSEGV);
    TEXT(words(status), "killed by SEGV, core dumped");
    SAME(ipc_status_signal(run("kill -SEGV $$")), SIGSEGV);
}

TEST(stopped) {
    int32_t status = (SIGTSTP << 8) | 0x7f;
    SAME(ipc_status_stopped(status), SIGTSTP);
    SAME(ipc_status_signal(status), 0);
    SAME(ipc_status_core(status), 0);
    SAME(ipc_status_code(status), PERLIPC_E_STATUS);
    SAME(ipc_status_shell(status), 128 + SIGTSTP);
    TEXT(words(status), "stopped by TSTP");
}

TEST(unknown_is_neither_success_nor_failure) {
    SAME(ipc_status_known(-1), 0);
    SAME(ipc_status_code(-1), PERLIPC_E_STATUS);
    SAME(ipc_status_signal(-1), 0);
    SAME(ipc_status_core(-1), 0);
    SAME(ipc_status_stopped(-1), 0);
    SAME(ipc_status_shell(-1), 255);
    TEXT(words(-1), "unknown");
    SAME(ipc_status_known(INT32_MIN), 0);
}

TEST(text_is_never_cut) {
    char text[16];
    memset(text, 'x', sizeof text);
    SAME(ipc_status_text(3 << 8, text, 13), -ERANGE);
    CHECK(text[0] == 'x' && text[12] == 'x');
    SAME(ipc_status_text(3 << 8, text, 14), 13);
    TEXT(text, "exited with 3");
    SAME(ipc_status_text(0, NULL, 0), -ERANGE);
    SAME(ipc_status_text(0, NULL, 10), PERLIPC_E_INVALID);
}
