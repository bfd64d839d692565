#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int p(ipc_stream *s) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ipc_stream_fd(s));
    return ipc_fifo_is(path) == 1;
}

int main(void) {
    ipc_stream *r, *w, *c;
    fclose(fopen("plain", "w"));
    if (ipc_fifo_make("f", 0600) < 0 || ipc_pipe_new(&r, &w) < 0 || ipc_popen_open("true;|", &c) < 0) return 1;
    printf("f=%d plain=%d dir=%d missing=%d pipe=%d%d popen=%d\n", ipc_fifo_is("f") == 1, ipc_fifo_is("plain") == 1,
           ipc_fifo_is(".") == 1, ipc_fifo_is("nosuch") == 1, p(r), p(w), p(c));
    if (symlink("f", "l") < 0) return 1;
    printf("link=%d\n", ipc_fifo_is("l") == 1);
    ipc_stream_free(r);
    ipc_stream_free(w);
    ipc_stream_free(c);
    return 0;
}
