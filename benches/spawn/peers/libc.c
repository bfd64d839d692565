/* What glibc offers: posix_spawn and waitpid, popen and getline. */
#include "children.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static void run(char **argv) {
    pid_t pid;
    int status;
    if (posix_spawn(&pid, argv[0], 0, 0, argv, environ)) fail("posix_spawn");
    if (waitpid(pid, &status, 0) < 0) fail("waitpid");
    if (status != 0) wrong("status", status);
}

static FILE *start(char **argv) {
    static char command[8192];
    command[0] = 0;
    for (int i = 0; argv[i]; i++) {
        strcat(command, argv[i]);
        strcat(command, " ");
    }
    FILE *file = popen(command, "r");
    if (!file) fail("popen");
    return file;
}

static void finish(FILE *file) {
    int status = pclose(file);
    if (status != 0) wrong("status", status);
}

static void capture(char **argv, size_t want) {
    size_t room = 1 << 16, len = 0, n;
    char *all = malloc(room);
    FILE *file = start(argv);
    while ((n = fread(all + len, 1, room - len, file)) > 0) {
        len += n;
        if (len == room) all = realloc(all, room *= 2);
    }
    finish(file);
    free(all);
    if (len != want) wrong("bytes", (long long)len);
}

static void lines(void) {
    FILE *file = start(lines_argv);
    char *line = 0;
    size_t room = 0;
    long count = 0, sum = 0;
    ssize_t n;
    while ((n = getline(&line, &room, file)) > 0) {
        sum += n;
        count++;
    }
    finish(file);
    if (count != LINES || sum < LINES) wrong("lines", count);
}

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    find_children();
    if (is(metric, "tiny")) {
        OFTEN(run(tiny_argv));
    } else if (is(metric, "true")) {
        OFTEN(run(true_argv));
    } else if (is(metric, "line")) {
        OFTEN(capture(line_argv, 3));
    } else if (is(metric, "bytes")) {
        ONCE(1, capture(bytes_argv, BYTES));
    } else if (is(metric, "lines_calls")) {
        ONCE(LINES, lines());
    } else {
        return 77;
    }
    return 0;
}
