#include <perlipc.h>
#include <stdio.h>
#include <unistd.h>

static int put(const char *name, const char *text) {
    FILE *o = fopen(name, "w");
    return o && fputs(text, o) >= 0 && fclose(o) == 0;
}

int main(void) {
    const char *names[] = {"echo hi|", "-", "> x", NULL}, *line;
    ipc_argv *a;
    if (!put("echo hi|", "literal file\n") || !put("-", "dash file\n")) return 1;
    if (ipc_argv_open(names, 0, &a) < 0) return 1;
    while (ipc_argv_readline(a, &line) > 0) printf("[%s] %s", ipc_argv_name(a), line);
    printf("%d\n", access("x", F_OK) == 0);
    ipc_argv_free(a);
    return 0;
}
