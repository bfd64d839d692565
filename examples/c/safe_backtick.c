/* "There's no way to stop the shell from getting its hands on your arguments. Instead, use lower-level control to call
 * exec() directly": the manual's safe backtick, where the kid gives up its privileges and execs,
 *
 *     $pid = open(KID_TO_READ, "-|"); ... else { ($EUID, $EGID) = ($UID, $GID); exec($program, @options, @args) ... }
 *
 * A list needs no fork of one's own for that: what the program gets is what the list says, and one that cannot be run is an
 * error of the open.
 *
 *     cc safe_backtick.c -lperlipc -o safe_backtick && ./safe_backtick */
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    ipc_stream *kid_to_read;
    const char *line;
    int32_t status;
    const char *const argv[] = {"printf", "%s\\n", "$(rm -rf /)", "`id`", "; exit 3", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    char uid[16];
    snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
    if (geteuid() != getuid() && ipc_cmd_user(cmd, uid, NULL) < 0) return 1; /* suid only */
    if (ipc_popen_start(cmd, "-|", &kid_to_read) < 0) {
        fprintf(stderr, "can't exec program: %s\n", ipc_error_last_text());
        return 1;
    }
    while (ipc_stream_readline(kid_to_read, &line) > 0) printf("got: %s", line); /* do something interesting */
    if (ipc_stream_close(kid_to_read, &status) < 0) return 1;
    if (status != 0) printf("kid exited %d\n", status);
    ipc_stream_free(kid_to_read);
    ipc_cmd_free(cmd);
    return 0;
}
