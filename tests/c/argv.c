/* The magic ARGV. */
#include "check.h"

static char told[8][64];
static int32_t codes[8], count;

static void tell(const char *name, int32_t code, void *userdata) {
    CHECK(userdata == told);
    snprintf(told[count], sizeof told[0], "%.63s", name);
    codes[count++] = code;
}

static const char *file(const char *name, const char *text) {
    static char paths[8][160];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s", in_room(name));
    FILE *out = fopen(path, "we");
    if (out) {
        fputs(text, out);
        fclose(out);
    }
    return path;
}

TEST(files_and_commands_in_order) {
    const char *line, *one = file("one", "a\nb\n");
    const char *names[] = {one, "nosuch_xyz|", " echo cmd; exit 6 | ", NULL};
    int32_t status;
    ipc_argv *argv;
    SAME(ipc_argv_open(names, 1, &argv), 0);
    SAME(ipc_argv_report(argv, tell, told), 0);
    SAME(ipc_argv_readline(argv, &line), 2);
    TEXT(line, "a\n");
    TEXT(ipc_argv_name(argv), one);
    SAME(ipc_argv_eof(argv), 0);
    SAME(ipc_argv_readline(argv, &line), 2);
    SAME(ipc_argv_eof(argv), 1);
    SAME(ipc_argv_readline(argv, &line), 4);
    TEXT(line, "cmd\n");
    SAME(count, 1);
    TEXT(told[0], "nosuch_xyz|");
    SAME(codes[0], -ENOENT);
    SAME(ipc_argv_lineno(argv), 3);
    SAME(ipc_argv_close(argv, &status), 0);
    SAME(ipc_status_code(status), 6);
    SAME(ipc_argv_lineno(argv), 0);
    SAME(ipc_argv_eof_all(argv), 1);
    SAME(ipc_argv_readline(argv, &line), 0);
    CHECK(line == NULL);
    ipc_argv_free(argv);
}

TEST(literal_names_whole_files_and_more_names) {
    const char *line, *dash = file("echo hi|", "literal\nfile\n");
    const char *names[] = {dash, NULL};
    ipc_argv *argv;
    SAME(ipc_argv_open(names, 0, &argv), 0);
    SAME(ipc_argv_separator(argv, NULL, 0), 0);
    SAME(ipc_argv_push(argv, file("empty", "")), 0);
    SAME(ipc_argv_readline(argv, &line), 13);
    TEXT(line, "literal\nfile\n");
    SAME(ipc_argv_readline(argv, &line), 0);
    TEXT(line, "");
    SAME(ipc_argv_readline(argv, &line), 0);
    CHECK(line == NULL);
    ipc_argv_free(argv);
}
