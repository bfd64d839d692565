#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    const char *names[] = {"a", "b", "c", NULL}, *line;
    ipc_argv *a;
    for (int i = 0; i < 3; i++) {
        FILE *o = fopen(names[i], "w");
        fputs(i == 1 ? "" : "1\n2\n", o);
        fclose(o);
    }
    for (int all = 0; all < 2; all++) {
        if (ipc_argv_open(names, 0, &a) < 0) return 1;
        while (ipc_argv_readline(a, &line) > 0) {
            printf("%s:%.*s ", ipc_argv_name(a), (int)strcspn(line, "\n"), line);
            if (!all) {
                printf("%s\n", ipc_argv_eof(a) == 1 ? "eof " : "");
                continue;
            }
            int end = ipc_argv_eof_all(a) == 1;
            printf("%s now %s\n", end ? "the end" : "more", ipc_argv_name(a));
        }
        ipc_argv_free(a);
    }
    return 0;
}
