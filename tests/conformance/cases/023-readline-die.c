#include <perlipc.h>
#include <stdio.h>

static int32_t late(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    return 1;
}

int main(void) {
    ipc_stream *r, *w;
    const char *line;
    if (ipc_pipe_new(&r, &w) < 0 || ipc_stream_write(w, "half,", 5) != 5 || ipc_signal_handle("ALRM", late, NULL) < 0) return 1;
    ipc_signal_alarm(300, 0);
    if (ipc_stream_readline(r, &line) == PERLIPC_E_HANDLER) printf("first=undef error=late\n");
    if (ipc_stream_write(w, "the rest\n", 9) != 9 || ipc_stream_readline(r, &line) < 0) return 1;
    printf("then=%s", line);
    ipc_stream_free(r);
    ipc_stream_free(w);
    return 0;
}
