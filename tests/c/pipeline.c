/* Pipelines. */
#include "check.h"

TEST(a_pipeline_with_all_statuses) {
    ipc_capture *said;
    size_t len;
    int32_t status;
    ipc_cmd *yes = CMD("yes"), *head = CMD("head", "-n", "2"), *fails = ipc_cmd_shell("cat; exit 4;");
    const ipc_cmd *cmds[] = {yes, head, fails};
    SAME(ipc_pipeline_run(cmds, 3, NULL, 0, -1, &said), 0);
    const char *bytes = ipc_capture_output(said, &len);
    CHECK(len == 4 && !memcmp(bytes, "y\ny\n", 4));
    SAME(ipc_pipeline_status(said, 0, &status), 0);
    SAME(ipc_status_signal(status), SIGPIPE);
    SAME(ipc_pipeline_ok(said, 0), 1);
    SAME(ipc_pipeline_ok(said, 1), 1);
    SAME(ipc_pipeline_ok(said, 2), 0);
    SAME(ipc_status_code(ipc_capture_status(said)), 4);
    FAILS(ipc_pipeline_status(said, 3, &status), PERLIPC_E_INVALID, "pipeline");
    ipc_capture_free(said);
    SAME(ipc_pipeline_run(cmds + 2, 1, "in", 2, -1, &said), 0);
    bytes = ipc_capture_output(said, &len);
    CHECK(len == 2 && !memcmp(bytes, "in", 2));
    ipc_capture_free(said);
    FAILS(ipc_pipeline_run(NULL, 0, NULL, 0, -1, &said), PERLIPC_E_INVALID, "pipeline");
    ipc_cmd_free(yes);
    ipc_cmd_free(head);
    ipc_cmd_free(fails);
}
