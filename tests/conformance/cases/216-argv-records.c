#include <perlipc.h>
#include <stdio.h>

static void file(const char *name, const char *text) {
    FILE *f = fopen(name, "w");
    fputs(text, f);
    fclose(f);
}

int main(void) {
    const char *names[] = {"a", "e", "printf xyz |", "b", NULL}, *record;
    ipc_argv *files;
    file("a", "abcdefg");
    file("e", "");
    file("b", "123456");
    if (ipc_argv_open(names, 1, &files) < 0) return 1;
    ipc_argv_record(files, 3);
    while (ipc_argv_readline(files, &record) > 0) {
        printf("%s %d [%s]", ipc_argv_name(files), (int)ipc_argv_lineno(files), record);
        puts(ipc_argv_eof(files) > 0 ? " end" : "");
    }
    ipc_argv_free(files);
    return 0;
}
