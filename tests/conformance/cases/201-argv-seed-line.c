#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const char *files[] = {"f1", "f2", "f3", "tmpfile"};
    const char *names[] = {"f1", "echo cmd1|", "-", "f2", " echo cmd2 | ", "f3", NULL};
    const char *line;
    ipc_argv *a;
    for (int i = 0; i < 4; i++) {
        FILE *o = fopen(files[i], "w");
        if (!o) return 1;
        fprintf(o, "%s-a\n%s-b\n", files[i], files[i]);
        fclose(o);
    }
    if (dup2(open("tmpfile", O_RDONLY), 0) < 0) return 1;
    if (ipc_argv_open(names, 1, &a) < 0) return 1;
    while (ipc_argv_readline(a, &line) > 0) printf("%lld:[%s]:%s", (long long)ipc_argv_lineno(a), ipc_argv_name(a), line);
    int eof = ipc_argv_eof_all(a);
    printf("left=%d eof=%d\n", !eof, eof);
    ipc_argv_free(a);
    return 0;
}
