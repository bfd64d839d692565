/* Pipe opens: "cmd |", "| cmd", lists, and the fork forms. */
#include "check.h"

static int32_t close_and_free(ipc_stream *stream) {
    int32_t status = 12345;
    SAME(ipc_stream_close(stream, &status), 0);
    ipc_stream_free(stream);
    return status;
}

static int32_t open_fails(const char *spec) {
    ipc_stream *stream = (ipc_stream *)1;
    int32_t result = ipc_popen_open(spec, &stream);
    CHECK(stream == NULL);
    return result;
}

TEST(reading_from_a_command_string) {
    ipc_stream *stream;
    const char *line;
    CHECK(ipc_popen_open("printf 'one\\ntwo\\n'; exit 3 |", &stream) > 0);
    SAME(ipc_stream_readline(stream, &line), 4);
    TEXT(line, "one\n");
    SAME(ipc_stream_readline(stream, &line), 4);
    TEXT(line, "two\n");
    SAME(ipc_stream_readline(stream, &line), 0);
    CHECK(line == NULL);
    SAME(ipc_status_code(close_and_free(stream)), 3);
}

TEST(writing_to_a_command_string) {
    ipc_stream *stream;
    const char *path = in_room("written");
    char spec[160], text[32] = "";
    snprintf(spec, sizeof spec, "| cat > %s", path);
    CHECK(ipc_popen_open(spec, &stream) > 0);
    SAME(ipc_stream_write(stream, "to the command\n", 15), 15);
    SAME(close_and_free(stream), 0);
    FILE *file = fopen(path, "re");
    CHECK(file && fgets(text, sizeof text, file));
    if (file) fclose(file);
    TEXT(text, "to the command\n");
}

TEST(a_list_needs_no_shell) {
    ipc_stream *stream;
    const char *line;
    ipc_cmd *cmd = CMD("echo", "$HOME;", "`id`");
    int32_t pid = ipc_popen_start(cmd, "-|", &stream);
    SAME(ipc_child_pid(ipc_stream_child(stream)), pid);
    SAME(ipc_stream_readline(stream, &line), 12);
    TEXT(line, "$HOME; `id`\n");
    SAME(close_and_free(stream), 0);
    ipc_cmd_free(cmd);
    cmd = CMD("sh", "-c", "read line; [ \"$line\" = hello ]");
    CHECK(ipc_popen_start(cmd, "|-", &stream) > 0);
    SAME(ipc_stream_write(stream, "hello\n", 6), 6);
    SAME(close_and_free(stream), 0);
    ipc_cmd_free(cmd);
}

TEST(a_bogus_command_is_an_error_at_open) {
    FAILS(open_fails("/no/such/program |"), -ENOENT, "exec");
    FAILS(open_fails("| /no/such/program"), -ENOENT, "exec");
    TEXT(ipc_error_last_path(), "/no/such/program");
    /* Behind a shell it is its 127, and writing to it -EPIPE, never a deadly SIGPIPE. */
    ipc_stream *stream;
    CHECK(ipc_popen_open("| /no/such/program 2>/dev/null; exit 127", &stream) > 0);
    char block[65536];
    int64_t result = 0;
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 4 && result >= 0; i++) result = ipc_stream_write(stream, block, sizeof block);
    SAME(result, -EPIPE);
    SAME(ipc_status_code(close_and_free(stream)), 127);
}

TEST(modes_and_mistakes) {
    ipc_stream *stream = (ipc_stream *)1;
    FAILS(open_fails("| cat |"), PERLIPC_E_INVALID, "open");
    FAILS(open_fails("cat"), PERLIPC_E_INVALID, "open");
    FAILS(open_fails("|"), PERLIPC_E_INVALID, ipc_error_last_step());
    FAILS(open_fails(" | "), PERLIPC_E_INVALID, ipc_error_last_step());
    FAILS(open_fails(""), PERLIPC_E_INVALID, ipc_error_last_step());
    FAILS(open_fails(NULL), PERLIPC_E_INVALID, "open");
    FAILS(ipc_popen_open("true |", NULL), PERLIPC_E_INVALID, "open");
    ipc_cmd *cmd = CMD("cat");
    FAILS(ipc_popen_start(cmd, "<", &stream), PERLIPC_E_INVALID, "open");
    CHECK(stream == NULL);
    FAILS(ipc_popen_start(cmd, NULL, &stream), PERLIPC_E_INVALID, "open");
    FAILS(ipc_popen_start(NULL, "-|", &stream), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_popen_start(cmd, "-|", NULL), PERLIPC_E_INVALID, "open");
    SAME(ipc_cmd_redirect(cmd, 1, "null"), 0);
    FAILS(ipc_popen_start(cmd, "-|", &stream), PERLIPC_E_INVALID, "open"); /* redirected already */
    FAILS(ipc_popen_fork("x", 0, &stream), PERLIPC_E_INVALID, "open");
    FAILS(ipc_popen_fork("-|", 0, NULL), PERLIPC_E_INVALID, "open");
    ipc_cmd_free(cmd);
}

TEST(fork_that_the_parent_reads) {
    ipc_stream *stream;
    const char *line;
    int32_t pid = ipc_popen_fork("-|", 0, &stream);
    if (pid == 0) {
        if (stream != NULL) _exit(1);
        puts("from the child");
        exit(fflush(stdout) == 0 ? 17 : 1);
    }
    CHECK(pid > 0);
    SAME(ipc_stream_readline(stream, &line), 15);
    TEXT(line, "from the child\n");
    SAME(ipc_status_code(close_and_free(stream)), 17);
}

TEST(fork_that_the_parent_writes) {
    ipc_stream *stream;
    int32_t pid = ipc_popen_fork("|-", 0, &stream);
    if (pid == 0) {
        char text[32] = "";
        _exit(fgets(text, sizeof text, stdin) && strcmp(text, "to the child\n") == 0 ? 18 : 1);
    }
    CHECK(pid > 0);
    SAME(ipc_stream_write(stream, "to the child\n", 13), 13);
    SAME(ipc_status_code(close_and_free(stream)), 18);
}

TEST(close_ends_a_reader_by_the_end_of_its_input) {
    ipc_stream *stream;
    ipc_cmd *cmd = CMD("cat");
    CHECK(ipc_popen_start(cmd, "|-", &stream) > 0);
    SAME(close_and_free(stream), 0);
    /* And one that still writes by SIGPIPE, as Perl's. */
    ipc_cmd_free(cmd);
    cmd = CMD("yes");
    const char *line;
    CHECK(ipc_popen_start(cmd, "-|", &stream) > 0);
    SAME(ipc_stream_readline(stream, &line), 2);
    SAME(ipc_status_signal(close_and_free(stream)), SIGPIPE);
    ipc_cmd_free(cmd);
}

static void *stay(void *arg) {
    char byte;
    return read(*(int *)arg, &byte, 1) ? arg : NULL;
}

TEST(fork_forms_with_several_threads) {
    int ends[2];
    pthread_t thread;
    ipc_stream *stream = (ipc_stream *)1;
    SAME(pipe2(ends, O_CLOEXEC), 0);
    SAME(pthread_create(&thread, NULL, stay, &ends[0]), 0);
    FAILS(ipc_popen_fork("-|", 0, &stream), PERLIPC_E_THREADS, "fork");
    SAME(errno, EPERM);
    CHECK(stream == NULL);
    int32_t pid = ipc_popen_fork("-|", 1, &stream);
    if (pid == 0) {
        /* Only what a signal handler may do. */
        ssize_t done = write(1, "raw\n", 4);
        _exit(done == 4 ? 0 : 1);
    }
    const char *line;
    SAME(ipc_stream_readline(stream, &line), 4);
    SAME(close_and_free(stream), 0);
    close(ends[1]);
    SAME(pthread_join(thread, NULL), 0);
    close(ends[0]);
}
