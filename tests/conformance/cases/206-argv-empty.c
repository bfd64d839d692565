#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const char *none[] = {NULL}, *line;
    ipc_argv *a;
    FILE *o = fopen("in", "w");
    fputs("one\ntwo\n", o);
    fclose(o);
    if (dup2(open("in", O_RDONLY), 0) < 0 || ipc_argv_open(none, 1, &a) < 0) return 1;
    while (ipc_argv_readline(a, &line) > 0) printf("[%s] %lld:%s", ipc_argv_name(a), (long long)ipc_argv_lineno(a), line);
    printf("end\n");
    ipc_argv_free(a);
    return 0;
}
