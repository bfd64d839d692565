/* Patterns over streams. */
#include "check.h"

static int is(const void *bytes, size_t len, const char *want) {
    return bytes && len == strlen(want) && !memcmp(bytes, want, len);
}

static int before(const ipc_stream *s, const char *want) {
    size_t len;
    const void *bytes = ipc_expect_before(s, &len);
    return is(bytes, len, want);
}

static int matched(const ipc_stream *s, int32_t group, const char *want) {
    size_t len;
    const void *bytes = ipc_expect_match(s, group, &len);
    return is(bytes, len, want);
}

TEST(a_dialogue) {
    ipc_stream *s;
    int32_t status;
    size_t len;
    ipc_cmd *cmd = ipc_cmd_shell("printf 'name? '; read n; echo \"hi $n\"; exit 3");
    ipc_expect *ask = ipc_expect_new(), *greet = ipc_expect_new();
    SAME(ipc_expect_text(ask, "nomatch", 7), 0);
    SAME(ipc_expect_text(ask, "name? ", 6), 1);
    SAME(ipc_expect_regex(greet, "hi (\\w+)(x)?\\n"), 0);
    SAME(ipc_expect_eof(greet), 1);
    CHECK(ipc_pty_open(cmd, 24, 80, &s) > 0);
    SAME(ipc_expect_wait(ask, s, PERLIPC_DEFAULT), 1);
    CHECK(before(s, "") && matched(s, 0, "name? "));
    SAME(ipc_stream_write(s, "bob\n", 4), 4);
    SAME(ipc_expect_wait(greet, s, 10000), 0);
    CHECK(matched(s, 0, "hi bob\n") && matched(s, 1, "bob"));
    CHECK(ipc_expect_match(s, 2, &len) == NULL);
    SAME(ipc_expect_wait(greet, s, 10000), 1);
    SAME(ipc_stream_close(s, &status), 0);
    SAME(ipc_status_code(status), 3);
    ipc_stream_free(s);
    ipc_cmd_free(cmd);
    ipc_expect_free(ask);
    ipc_expect_free(greet);
}

TEST(timeouts_keep_the_data) {
    ipc_stream *reader, *writer;
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_stream_write(writer, "partial", 7), 7);
    ipc_expect *done = ipc_expect_new();
    SAME(ipc_expect_text(done, "done", 4), 0);
    FAILS(ipc_expect_wait(done, reader, 30), -ETIMEDOUT, "expect");
    CHECK(before(reader, "partial"));
    SAME(ipc_expect_limit(done, 20), 0);
    FAILS(ipc_expect_wait(done, reader, PERLIPC_DEFAULT), -ETIMEDOUT, "expect");
    SAME(ipc_expect_timeout(done), 1);
    SAME(ipc_expect_wait(done, reader, 0), 1);
    SAME(ipc_stream_write(writer, " done.", 6), 6);
    SAME(ipc_expect_wait(done, reader, 1000), 0);
    CHECK(before(reader, "partial "));
    ipc_stream_free(writer);
    FAILS(ipc_expect_wait(done, reader, 1000), -ENODATA, "expect");
    CHECK(before(reader, "."));
    ipc_stream_free(reader);
    ipc_expect_free(done);
}

TEST(settled_window_and_bad_patterns) {
    ipc_stream *reader, *writer;
    char data[5000];
    memset(data, 'a', sizeof data);
    SAME(ipc_pipe_new(&reader, &writer), 0);
    ipc_expect *e = ipc_expect_new();
    FAILS(ipc_expect_regex(e, "a(b"), PERLIPC_E_INVALID, "expect");
    CHECK(strstr(ipc_error_last_text(), "unclosed group"));
    FAILS(ipc_expect_text(e, "", 0), PERLIPC_E_INVALID, "expect");
    SAME(ipc_expect_regex(e, "[0-9]+"), 0);
    SAME(ipc_expect_settled(e, 1), 0);
    SAME(ipc_stream_write(writer, "12", 2), 2);
    FAILS(ipc_expect_wait(e, reader, 0), -ETIMEDOUT, "expect");
    SAME(ipc_stream_write(writer, "3 ", 2), 2);
    SAME(ipc_expect_wait(e, reader, 0), 0);
    CHECK(matched(reader, 0, "123"));
    ipc_expect_free(e);
    e = ipc_expect_new();
    SAME(ipc_expect_regex(e, "a+b"), 0);
    SAME(ipc_expect_window(e, 1000), 0);
    SAME(ipc_stream_write(writer, data, sizeof data), sizeof data);
    FAILS(ipc_expect_wait(e, reader, 0), -ETIMEDOUT, "expect");
    SAME(ipc_stream_write(writer, "b", 1), 1);
    FAILS(ipc_expect_wait(e, reader, 0), PERLIPC_E_TOO_LONG, "expect");
    ipc_expect_free(e);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}

/* What Perl's quotemeta makes of a text is that text; the angles are words' ends elsewhere. */
TEST(quoted_angles) {
    ipc_stream *s;
    int32_t status;
    for (int settled = 0; settled < 2; settled++) {
        ipc_expect *e = ipc_expect_new();
        SAME(ipc_expect_regex(e, "\\<login\\>\\:\\ "), 0);
        SAME(ipc_expect_regex(e, "[\\<\\>]\\\\<"), 1);
        SAME(ipc_expect_settled(e, settled), 0);
        CHECK(ipc_popen_open("printf 'x <login>: >\\\\<' |", &s) > 0);
        SAME(ipc_expect_wait(e, s, 30000), 0);
        CHECK(before(s, "x ") && matched(s, 0, "<login>: "));
        SAME(ipc_expect_wait(e, s, 30000), 1);
        CHECK(matched(s, 0, ">\\<"));
        SAME(ipc_stream_close(s, &status), 0);
        ipc_stream_free(s);
        ipc_expect_free(e);
    }
}

TEST(a_script_and_its_log) {
    ipc_stream *s;
    const char *pairs[] = {"login: ", "me\n", "Password: ", "secret\n", "me/secret\n", "", NULL};
    const char *odd[] = {"login: ", NULL};
    char text[200] = "";
    int fds[2];
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    ipc_cmd *cmd = ipc_cmd_shell("printf 'login: '; read a; printf 'Password: '; read b; echo \"$a/$b\"");
    CHECK(ipc_pty_open(cmd, 24, 80, &s) > 0);
    SAME(ipc_expect_log(s, fds[1]), 0);
    SAME(ipc_expect_script(s, odd, 0), PERLIPC_E_INVALID);
    SAME(ipc_expect_script(s, pairs, 10000), 3);
    SAME(ipc_expect_log(s, -1), 0);
    CHECK(read(fds[0], text, sizeof text - 1) > 0);
    TEXT(text, "login: Password: me/secret\n");
    SAME(ipc_stream_close(s, NULL), 0);
    ipc_stream_free(s);
    ipc_cmd_free(cmd);
    close(fds[0]);
    close(fds[1]);
}
