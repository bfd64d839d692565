/* "And here's a safe pipe open for writing": a list, no shell, and the kid's privileges given up. The manual traps ALRM
 * where it means PIPE; here a pipe that breaks is the error of the write.
 *
 *     cc safe_writer.c -lperlipc -o safe_writer && ./safe_writer */
#include <perlipc.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    ipc_stream *kid_to_write;
    int32_t status;
    const char *const argv[] = {"tr", "a-z", "A-Z", NULL};
    const char *const data[] = {"one\n", "$(two)\n", "three\n"};
    ipc_cmd *cmd = ipc_cmd_argv(argv);
    char uid[16];
    snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
    if (geteuid() != getuid() && ipc_cmd_user(cmd, uid, NULL) < 0) return 1; /* suid only */
    if (ipc_popen_start(cmd, "|-", &kid_to_write) < 0) {
        fprintf(stderr, "can't exec program: %s\n", ipc_error_last_text());
        return 1;
    }
    for (int i = 0; i < 3; i++)
        if (ipc_stream_write(kid_to_write, data[i], strlen(data[i])) == -EPIPE) fprintf(stderr, "whoops, tr pipe broke\n");
    if (ipc_stream_close(kid_to_write, &status) < 0) return 1;
    if (status != 0) printf("kid exited %d\n", status);
    ipc_stream_free(kid_to_write);
    ipc_cmd_free(cmd);
    return 0;
}
