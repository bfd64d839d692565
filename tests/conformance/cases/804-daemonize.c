#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    ipc_stream *r, *w;
    const char *line;
    pid_t parent = getpid();
    if (ipc_pipe_new(&r, &w) < 0) return 1;
    if (ipc_daemon_start("umask=022,keep") > 0) {
        ipc_stream_close(w, NULL);
        printf("parent: code=0\n");
        if (ipc_stream_readline(r, &line) < 0) return 1;
        printf("daemon: %s", line);
        return 0;
    }
    struct stat st;
    char cwd[64], text[128];
    printf("nobody hears this\n");
    fflush(stdout);
    int n = snprintf(text, sizeof text, "cwd %s leader %d parent gone %d stdin %d\n", getcwd(cwd, sizeof cwd),
                     getpgrp() == getpid(), getppid() != parent, fstat(0, &st) == 0 && S_ISCHR(st.st_mode));
    return ipc_stream_write(w, text, n) != n;
}
