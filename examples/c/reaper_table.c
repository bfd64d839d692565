/* The manual's second REAPER: all that have ended, with their statuses in a table, beside a pipe open and a system in the
 * same program. In Perl:
 *
 *     sub REAPER { my $child; while (($child = waitpid(-1, WNOHANG)) > 0) { $Kid_Status{$child} = $?; } }
 *
 * (with the > 0 that the manual forgets: -1 is true.) Perl's close then finds its child gone; here it does not. */
#include <perlipc.h>

#include <stdio.h>

static struct { int32_t pid, status; } kid_status[16];
static int kids;

static int32_t reaper(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)signame, (void)userdata;
    int32_t pid, status;
    while (kids < 16 && (pid = ipc_wait_pid(-1, 0, &status)) > 0) {
        kid_status[kids].pid = pid;
        kid_status[kids++].status = status;
    }
    return 0;
}

int main(void) {
    if (ipc_signal_handle("CHLD", reaper, NULL) < 0) return 1;
    int32_t first = 0;
    for (int code = 1; code <= 5; code++) {
        char command[32];
        snprintf(command, sizeof command, "exit %d;", code);
        ipc_cmd *cmd = ipc_cmd_shell(command);
        ipc_child *kid;
        int32_t pid = ipc_cmd_start(cmd, &kid);
        if (pid < 0) return 1;
        if (code == 1) first = pid;
        ipc_child_free(kid); /* never blocks; what runs on is swept up */
        ipc_cmd_free(cmd);
    }

    ipc_cmd *cmd = ipc_cmd_shell("exit 7;");
    int32_t status = -1;
    if (ipc_cmd_run(cmd, -1, &status) == 0) printf("system: %d\n", ipc_status_code(status));
    ipc_cmd_free(cmd);
    ipc_stream *lines;
    const char *line;
    if (ipc_popen_open("echo from the pipe; exit 6 |", &lines) < 0) return 1;
    while (ipc_stream_readline(lines, &line) > 0) printf("%s", line);
    if (ipc_stream_close(lines, &status) == 0) printf("close: %d\n", ipc_status_code(status));
    ipc_stream_free(lines);

    for (int tries = 0; kids < 5 && tries < 50; tries++) ipc_signal_sleep(100);
    int sum = 0;
    for (int i = 0; i < kids; i++) {
        if (kid_status[i].pid == first) printf("the first kid: %d\n", ipc_status_code(kid_status[i].status));
        if (ipc_status_code(kid_status[i].status) <= 5) sum += ipc_status_code(kid_status[i].status);
    }
    printf("sum of the kids' codes: %d\n", sum);
    return 0;
}
