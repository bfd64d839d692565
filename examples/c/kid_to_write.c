/* "If you open a pipe to minus, you can write to the filehandle you opened and your kid will find it in his STDIN": the
 * fork form, "useful for safely opening a file when running under an assumed UID or GID".
 *
 * In Perl: $pid = open(KID_TO_WRITE, "|-"). The kid's ($EUID, $EGID) = ($UID, $GID) sets the user first, and then may not set
 * the group; here privileges go in the right order, and for good.
 *
 *     cc kid_to_write.c -lperlipc -o kid_to_write && ./kid_to_write /tmp/file */
#include <perlipc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The child: nothing of perlipc is needed, but to give up what a set-user-id program has. */
static int kid(const char *path) {
    char uid[16], data[4096];
    ssize_t len;
    snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
    if (geteuid() != getuid() && ipc_user_drop(uid, NULL) < 0) return 1; /* suid progs only */
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) return perror(path), 1;
    while ((len = read(0, data, sizeof data)) > 0) /* child's STDIN is parent's KID */
        if (write(file, data, (size_t)len) != len) return 1;
    return len < 0;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "kid_to_write.out";
    ipc_stream *to_kid;
    int32_t pid, status, sleep_count = 0;
    while ((pid = ipc_popen_fork("|-", 0, &to_kid)) < 0) {
        fprintf(stderr, "cannot fork: %s\n", ipc_error_last_text());
        if (pid != -EAGAIN || sleep_count++ > 6) return 1; /* bailing out */
        ipc_signal_sleep(10000);
    }
    if (pid == 0) _exit(kid(path)); /* don't forget this */

    if (ipc_stream_write(to_kid, "some\ndata\n", 10) < 0) return 1;
    if (ipc_stream_close(to_kid, &status) < 0) return 1;
    if (status != 0) printf("kid exited %d\n", status);
    ipc_stream_free(to_kid);
    struct stat st;
    if (stat(path, &st) == 0) printf("the kid wrote %d bytes\n", (int)st.st_size);
    return status != 0;
}
