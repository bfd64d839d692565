/* Perl's taint checks: of this process, and of each start of a command that asks for them. */
#include "check.h"

static int32_t start_fails(ipc_cmd *cmd) {
    ipc_child *child = (ipc_child *)1;
    int32_t result = ipc_cmd_start(cmd, &child);
    CHECK(child == NULL);
    ipc_cmd_free(cmd);
    return result;
}

TEST(this_process) {
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/bin:/usr/bin", 1);
    SAME(ipc_taint_check(), 0);
    setenv("PATH", "/bin:.", 1);
    FAILS(ipc_taint_check(), PERLIPC_E_INSECURE, "taint");
    TEXT(ipc_error_last_text(), "taint: Insecure directory in $ENV{PATH}: .");
    SAME(errno, EPERM);
    setenv("PATH", "/bin:/usr/bin", 1);
    setenv("CDPATH", "/", 1);
    FAILS(ipc_taint_check(), PERLIPC_E_INSECURE, "taint");
    TEXT(ipc_error_last_text(), "taint: Insecure $ENV{CDPATH}");
    unsetenv("CDPATH");
    setenv("PATH", path, 1);
    free(path);
}

TEST(each_start) {
    ipc_cmd *cmd = CMD("true");
    SAME(ipc_cmd_option(cmd, "taint", "1"), 0);
    SAME(ipc_cmd_env(cmd, "BASH_ENV", "/tmp/x"), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INSECURE, "taint");
    cmd = CMD("./true");
    SAME(ipc_cmd_option(cmd, "taint", "1"), 0);
    SAME(ipc_cmd_option(cmd, "clean", "1"), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INSECURE, "taint");
    cmd = CMD("sh", "-c", "echo $PATH");
    SAME(ipc_cmd_option(cmd, "taint", "1"), 0);
    SAME(ipc_cmd_option(cmd, "clean", "1"), 0);
    TEXT(output_of(cmd), "/usr/bin:/bin\n");
    cmd = CMD("true");
    FAILS(ipc_cmd_option(cmd, "taint", "perhaps"), PERLIPC_E_INVALID, "option");
    ipc_cmd_free(cmd);
}
