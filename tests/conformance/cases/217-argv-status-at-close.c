#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    const char *commands[] = {"echo x; exit 3|", "echo x; kill -9 $$|", "echo x|", "a", "nosuch_zz x; |", "nosuch_zz|", "false |"};
    const char *last[] = {"yes|", "a", NULL}, *line;
    ipc_argv *argv;
    int32_t closed, st = 0;
    FILE *o = fopen("a", "w");
    if (!o || fputs("a\n", o) < 0 || fclose(o) || dup2(open("/dev/null", O_WRONLY), 2) < 0) return 1;
    for (int i = 0; i < 7; i++) {
        const char *names[] = {commands[i], "a", NULL};
        if (ipc_argv_open(names, 1, &argv) < 0 || ipc_argv_readline(argv, &line) < 0) return 1;
        printf("%s: %.1s from %s, ", commands[i], line, ipc_argv_name(argv));
        closed = 77;
        if (ipc_argv_close(argv, &closed) < 0) return 1;
        st = closed == -1 ? 77 : closed;
        printf("%s %d %d\n", st == 77 || st == 0 ? "true" : "false", st, (int)ipc_argv_lineno(argv));
        ipc_argv_free(argv);
    }
    puts("false");
    if (ipc_argv_open(last, 1, &argv) < 0) return 1;
    while (ipc_argv_readline(argv, &line) > 0) {
        char text[8];
        strncpy(text, line, 7);
        text[7] = 0;
        if (text[0] == 'y' && ipc_argv_lineno(argv) == 3 && ipc_argv_close(argv, &st) < 0) return 1;
        printf("%s %d %s", ipc_argv_name(argv), (int)ipc_argv_lineno(argv), text);
    }
    printf("end %d\n", st & 127);
    ipc_argv_free(argv);
    return 0;
}
