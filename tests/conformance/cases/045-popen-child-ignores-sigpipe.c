#include <errno.h>
#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int32_t first_line(const char *spec) {
    ipc_stream *f;
    const char *line;
    int32_t st = -1;
    if (ipc_popen_open(spec, &f) < 0 || ipc_stream_readline(f, &line) < 0) _exit(1);
    errno = 0;
    if (ipc_stream_close(f, &st) < 0) _exit(1);
    ipc_stream_free(f);
    return st;
}

int main(void) {
    dup2(open("/dev/null", O_WRONLY), 2);
    int32_t st = first_line("yes |");
    printf("direct: close=[%s] st=%d errno=%d\n", st == 0 ? "1" : "", st, errno);
    printf("via sh: st=%d\n", first_line("yes; |"));
    if (ipc_signal_ignore("PIPE") < 0) return 1;
    printf("PIPE ignored: st=%d\n", first_line("yes |"));
    return 0;
}
