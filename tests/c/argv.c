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

TEST(records_of_a_fixed_size) {
    const char *line, *names[] = {file("first", "abcde"), file("second", "12"), NULL};
    ipc_argv *argv;
    SAME(ipc_argv_open(names, 0, &argv), 0);
    SAME(ipc_argv_record(argv, 3), 0);
    SAME(ipc_argv_readline(argv, &line), 3);
    TEXT(line, "abc");
    SAME(ipc_argv_readline(argv, &line), 2);
    TEXT(line, "de");
    SAME(ipc_argv_record(argv, 0), 0);
    SAME(ipc_argv_readline(argv, &line), 2);
    TEXT(line, "12");
    SAME(ipc_argv_readline(argv, &line), 0);
    ipc_argv_free(argv);
    SAME(ipc_argv_record(NULL, 3), PERLIPC_E_INVALID);
}

static int tries;

/* All that may be asked of a handle whose call is under way is told so. */
static void all_are_refused(ipc_argv *argv) {
    const char *line;
    int32_t status;
    tries++;
    SAME(ipc_argv_readline(argv, &line), PERLIPC_E_BUSY);
    SAME(ipc_argv_push(argv, "more"), PERLIPC_E_BUSY);
    SAME(ipc_argv_separator(argv, NULL, 0), PERLIPC_E_BUSY);
    SAME(ipc_argv_report(argv, NULL, NULL), PERLIPC_E_BUSY);
    CHECK(ipc_argv_name(argv) == NULL);
    SAME(ipc_argv_lineno(argv), PERLIPC_E_BUSY);
    SAME(ipc_argv_eof(argv), PERLIPC_E_BUSY);
    SAME(ipc_argv_eof_all(argv), PERLIPC_E_BUSY);
    SAME(ipc_argv_close(argv, &status), PERLIPC_E_BUSY);
}

static void inside(const char *name, int32_t code, void *userdata) {
    (void)name, (void)code;
    all_are_refused(*(ipc_argv **)userdata);
}

static int32_t from_outside(int32_t signal, const char *name, void *userdata) {
    (void)signal, (void)name;
    all_are_refused(*(ipc_argv **)userdata);
    return 1;
}

TEST(inside_a_call_of_the_handle) {
    const char *line;
    char fd[16];
    int fds[2];
    SAME(pipe2(fds, O_CLOEXEC), 0);
    snprintf(fd, sizeof fd, "<&%d", fds[0]);
    const char *names[] = {"nosuch_xyz", fd, NULL};
    ipc_argv *argv;
    SAME(ipc_argv_open(names, 1, &argv), 0);
    SAME(ipc_argv_report(argv, inside, &argv), 0);
    SAME(ipc_signal_handle("ALRM", from_outside, &argv), 0);
    CHECK(ipc_signal_alarm(10, 0) >= 0);
    SAME(ipc_argv_readline(argv, &line), PERLIPC_E_HANDLER);
    SAME(tries, 2);
    SAME(write(fds[1], "x\n", 2), 2);
    SAME(ipc_argv_readline(argv, &line), 2);
    SAME(ipc_argv_lineno(argv), 1);
    SAME(ipc_signal_default("ALRM"), 0);
    ipc_argv_free(argv);
    close(fds[0]);
    close(fds[1]);
}

TEST(standard_input_by_all_its_names) {
    const char *given[] = {"-", " - ", "<-", "< -", "<&STDIN", "<&=STDIN", "<&0", "<& 0", "<&=0"}, *line;
    int saved = dup(0), in = open(file("in", "1\n"), O_RDONLY | O_CLOEXEC);
    CHECK(in >= 0 && dup2(in, 0) == 0);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        const char *names[] = {given[i], NULL};
        ipc_argv *argv;
        CHECK(lseek(0, 0, SEEK_SET) == 0);
        SAME(ipc_argv_open(names, 1, &argv), 0);
        SAME(ipc_argv_readline(argv, &line), 2);
        TEXT(line, "1\n");
        SAME(ipc_argv_readline(argv, &line), 0);
        ipc_argv_free(argv);
    }
    CHECK(dup2(saved, 0) == 0);
    close(saved);
    close(in);
}
