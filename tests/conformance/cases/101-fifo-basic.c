#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    struct stat st;
    ipc_stream *r, *w;
    ipc_child *p;
    const char *line;
    int lines = 0;
    umask(022);
    int made = ipc_fifo_make("f", 0666) == 0;
    if (stat("f", &st) != 0) return 1;
    printf("%d %o %d %d\n", made, st.st_mode & 07777, ipc_fifo_is("f"), S_ISREG(st.st_mode));
    int again = ipc_fifo_make("f", 0600);
    printf("%d EEXIST=%d\n", again == 0, again == -EEXIST);
    fflush(stdout);
    int32_t pid = ipc_fork(&p);
    if (pid < 0) return 1;
    if (pid == 0) {
        if (ipc_fifo_open("f", ">", -1, &w) < 0 || ipc_stream_write(w, "one\ntwo\n", 8) < 0) return 1;
        ipc_stream_close(w, NULL);
        _exit(0);
    }
    if (ipc_fifo_open("f", "<", -1, &r) < 0) return 1;
    while (ipc_stream_readline(r, &line) > 0) lines++;
    printf("%d lines, eof=%d\n", lines, ipc_stream_eof(r));
    ipc_stream_close(r, NULL);
    ipc_stream_free(r);
    if (ipc_child_wait(p, -1, NULL) < 0) return 1;
    ipc_child_free(p);
    printf("%d%d\n", ipc_fifo_is("nofile"), access("nofile", F_OK) == 0);
    return 0;
}
