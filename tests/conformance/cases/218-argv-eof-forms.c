#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ipc_argv *over(const char *const *names) {
    ipc_argv *argv;
    return ipc_argv_open(names, 0, &argv) < 0 ? NULL : argv;
}

int main(void) {
    const char *all[] = {"a", "empty", "nofile", "b", "empty", NULL}, *one[] = {"a", NULL}, *none[] = {"empty", NULL}, *line;
    FILE *o = fopen("a", "w");
    if (!o || fputs("a-1\na-2\n", o) < 0 || fclose(o) || !(o = fopen("b", "w")) || fputs("b-1\nb-2\n", o) < 0 || fclose(o)) return 1;
    if (close(open("empty", O_CREAT | O_WRONLY, 0600)) || dup2(open("/dev/null", O_WRONLY), 2) < 0) return 1;
    ipc_argv *argv = over(all);
    printf("%d", ipc_argv_eof(argv));
    printf("%d", ipc_argv_eof_all(argv));
    printf(" %s\n", ipc_argv_name(argv));
    while (ipc_argv_readline(argv, &line) > 0) {
        printf("%.3s ", line);
        int e = ipc_argv_eof(argv);
        if (e) printf("1%d", ipc_argv_eof_all(argv));
        else printf("0-");
        printf(" %s %d\n", ipc_argv_name(argv), (int)ipc_argv_lineno(argv));
    }
    ipc_argv_push(argv, "nofile");
    printf("%d", ipc_argv_eof_all(argv));
    printf(" %s\n", ipc_argv_name(argv));
    ipc_argv_free(argv);
    argv = over(one);
    while (ipc_argv_readline(argv, &line) > 0) {
        printf("%.3s %d\n", line, (int)ipc_argv_lineno(argv));
        if (strcmp(line, "a-2\n") == 0 && ipc_argv_eof_all(argv) == 1) {
            ipc_argv_push(argv, "nofile");
            ipc_argv_push(argv, "b");
        }
    }
    printf("end %s %d\n", ipc_argv_name(argv), (int)ipc_argv_lineno(argv));
    ipc_argv_free(argv);
    argv = over(none);
    if (ipc_argv_record(argv, 0) < 0) return 1;
    int64_t len = ipc_argv_readline(argv, &line);
    printf("%s%d\n", line ? "" : "undef ", (int)len);
    printf("%d\n", ipc_argv_eof(argv));
    ipc_argv_free(argv);
    return 0;
}
