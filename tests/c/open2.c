/* open2, open3, their fork forms, and talks over them. */
#include "check.h"

#include <sys/ioctl.h>

/* Comes back when the child has stopped: CONT before that would be lost. */
static void until_stopped(ipc_stream *stream) {
    siginfo_t info;
    SAME(waitid(P_PID, (id_t)ipc_child_pid(ipc_stream_child(stream)), &info, WSTOPPED | WNOWAIT), 0);
}

static int32_t shut(ipc_stream *stream) {
    int32_t status = 12345;
    SAME(ipc_stream_close(stream, &status), 0);
    ipc_stream_free(stream);
    return status;
}

TEST(talking_to_cat_line_by_line) {
    ipc_stream *reader, *writer;
    const char *line;
    char want[64];
    ipc_cmd *cmd = CMD("cat", "-u", "-n");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    for (int n = 1; n <= 10; n++) {
        SAME(ipc_stream_write(writer, "stuff\n", 6), 6);
        CHECK(ipc_stream_readline(reader, &line) > 0);
        snprintf(want, sizeof want, "%6d\tstuff\n", n);
        TEXT(line, want);
    }
    SAME(shut(writer), -1);
    SAME(shut(reader), 0);
    ipc_cmd_free(cmd);
}

TEST(the_reader_may_be_closed_first) {
    ipc_stream *reader, *writer;
    ipc_cmd *cmd = CMD("cat");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    SAME(shut(reader), -1);
    SAME(shut(writer), 0);
    ipc_cmd_free(cmd);
}

TEST(three_streams_or_errors_merged) {
    ipc_stream *writer, *reader, *error;
    const char *line;
    ipc_cmd *cmd = ipc_cmd_shell("read l; echo out $l; echo err $l >&2; exit 3");
    CHECK(ipc_open3(cmd, &writer, &reader, &error) > 0);
    SAME(ipc_stream_write(writer, "x\n", 2), 2);
    CHECK(ipc_stream_readline(reader, &line) > 0);
    TEXT(line, "out x\n");
    CHECK(ipc_stream_readline(error, &line) > 0);
    TEXT(line, "err x\n");
    shut(writer);
    shut(error);
    SAME(ipc_status_code(shut(reader)), 3);
    CHECK(ipc_open3(cmd, &writer, &reader, NULL) > 0);
    SAME(ipc_stream_write(writer, "y\n", 2), 2);
    CHECK(ipc_stream_readline(reader, &line) > 0);
    TEXT(line, "out y\n");
    CHECK(ipc_stream_readline(reader, &line) > 0);
    TEXT(line, "err y\n");
    shut(writer);
    shut(reader);
    ipc_cmd_free(cmd);
}

TEST(a_missing_program_leaves_no_streams) {
    ipc_stream *writer = (ipc_stream *)1, *reader = (ipc_stream *)1, *error = (ipc_stream *)1;
    ipc_cmd *cmd = CMD("nosuch_xyz");
    FAILS(ipc_open3(cmd, &writer, &reader, &error), -ENOENT, "exec");
    CHECK(!writer && !reader && !error);
    FAILS(ipc_open2(cmd, &reader, &writer), -ENOENT, "exec");
    ipc_cmd_free(cmd);
}

TEST(given_descriptors_have_no_stream) {
    ipc_stream *writer, *reader;
    const char *line;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    ipc_cmd *cmd = CMD("head", "-n", "1");
    SAME(ipc_cmd_pass(cmd, 0, fd), 0);
    CHECK(ipc_open3(cmd, &writer, &reader, NULL) > 0);
    CHECK(writer == NULL);
    CHECK(ipc_stream_readline(reader, &line) > 0);
    CHECK(!strncmp(line, "root:", 5));
    SAME(shut(reader), 0);
    FAILS(ipc_open2(cmd, &reader, &writer), PERLIPC_E_INVALID, "open2");
    ipc_cmd_free(cmd);
    close(fd);
}

TEST(the_fork_forms) {
    ipc_stream *writer, *reader, *error;
    const char *line;
    for (int form = 0; form < 3; form++) {
        int32_t pid = form == 0   ? ipc_open2_fork(0, &reader, &writer)
                      : form == 1 ? ipc_open3_fork(0, &writer, &reader, &error)
                                  : ipc_open3_fork(0, &writer, &reader, NULL);
        if (pid == 0) {
            char text[64];
            ssize_t len = read(0, text, sizeof text);
            if (len < 0 || write(1, text, (size_t)len) != len) _exit(1);
            if (form > 0 && write(2, "bad\n", 4) != 4) _exit(1);
            _exit(5);
        }
        CHECK(pid > 0);
        SAME(ipc_stream_write(writer, "to kid\n", 7), 7);
        CHECK(ipc_stream_readline(reader, &line) > 0);
        TEXT(line, "to kid\n");
        if (form > 0) {
            CHECK(ipc_stream_readline(form == 1 ? error : reader, &line) > 0);
            TEXT(line, "bad\n");
        }
        if (form == 1) shut(error);
        shut(writer);
        SAME(ipc_status_code(shut(reader)), 5);
    }
}

TEST(feeding_and_draining_any_amount) {
    enum { SIZE = 4 << 20 };
    ipc_stream *writer, *reader, *error;
    ipc_capture *said;
    size_t len;
    char *input = malloc(SIZE);
    for (int i = 0; i < SIZE; i++) input[i] = (char)(i % 251);
    ipc_cmd *cmd = ipc_cmd_shell("tee /dev/stderr");
    CHECK(ipc_open3(cmd, &writer, &reader, &error) > 0);
    SAME(ipc_capture_feed(writer, input, SIZE, reader, error, -1, &said), 0);
    const void *bytes = ipc_capture_output(said, &len);
    CHECK(len == SIZE && !memcmp(bytes, input, SIZE));
    bytes = ipc_capture_errors(said, &len);
    CHECK(len == SIZE && !memcmp(bytes, input, SIZE));
    SAME(ipc_capture_fed(said), SIZE);
    SAME(ipc_capture_status(said), 0);
    ipc_capture_free(said);
    ipc_stream_free(writer);
    ipc_stream_free(reader);
    ipc_stream_free(error);
    ipc_cmd_free(cmd);
    free(input);
}

TEST(at_the_deadline_the_talk_can_go_on) {
    ipc_stream *writer, *reader;
    ipc_capture *said;
    size_t len;
    ipc_cmd *cmd = ipc_cmd_shell("echo early; cat >/dev/null; echo late");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    for (int there = 0; there == 0;) SAME(ioctl(ipc_stream_fd(reader), FIONREAD, &there), 0);
    FAILS(ipc_capture_feed(NULL, NULL, 0, reader, NULL, 150, &said), -ETIMEDOUT, "capture");
    SAME(ipc_capture_timed_out(said), 1);
    const char *bytes = ipc_capture_output(said, &len);
    CHECK(len == 6 && !memcmp(bytes, "early\n", 6));
    ipc_capture_free(said);
    SAME(ipc_capture_feed(writer, "x", 1, reader, NULL, 10000, &said), 0);
    bytes = ipc_capture_output(said, &len);
    CHECK(len == 5 && !memcmp(bytes, "late\n", 5));
    ipc_capture_free(said);
    ipc_stream_free(writer);
    ipc_stream_free(reader);
    ipc_cmd_free(cmd);
}

static size_t heard[3];

static int32_t hear(int32_t fd, const void *bytes, size_t len, void *userdata) {
    heard[fd] += len;
    return bytes ? *(int32_t *)userdata : -1;
}

/* When what the child has said has been read. */
static void *cancels(void *stream) {
    int there = 1;
    until_stopped(stream);
    while (there > 0) SAME(ioctl(ipc_stream_fd(stream), FIONREAD, &there), 0);
    SAME(ipc_stream_cancel(stream), 0);
    return NULL;
}

TEST(another_thread_ends_a_talk) {
    ipc_stream *writer, *reader;
    ipc_capture *said;
    size_t len;
    pthread_t thread;
    ipc_cmd *cmd = ipc_cmd_shell("echo early; kill -STOP $$; exec sleep 60");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    SAME(pthread_create(&thread, NULL, cancels, reader), 0);
    FAILS(ipc_capture_feed(writer, NULL, 0, reader, NULL, 20000, &said), PERLIPC_E_CANCELED, "capture");
    SAME(pthread_join(thread, NULL), 0);
    const char *bytes = ipc_capture_output(said, &len);
    CHECK(len == 6 && !memcmp(bytes, "early\n", 6));
    ipc_capture_free(said);
    FAILS(ipc_capture_each(NULL, NULL, 0, reader, NULL, 20000, hear, &len), PERLIPC_E_CANCELED, "capture");
    SAME(ipc_child_kill(ipc_stream_child(reader), "KILL"), 1);
    ipc_stream_free(writer);
    SAME(ipc_status_signal(shut(reader)), SIGKILL);
    ipc_cmd_free(cmd);
}

/* The second time the streams are closed, and only the child's end is missing. */
TEST(after_the_end_of_the_talk_the_wait_can_go_on) {
    ipc_stream *writer, *reader;
    ipc_capture *said;
    int32_t status = -1;
    ipc_cmd *cmd = ipc_cmd_shell("cat; exec >&- 2>&-; kill -STOP $$; exit 5");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    SAME(ipc_capture_feed(writer, "x", 1, reader, NULL, 150, &said), -ETIMEDOUT);
    SAME(ipc_capture_fed(said), 1);
    ipc_capture_free(said);
    until_stopped(reader);
    SAME(ipc_child_kill(ipc_stream_child(reader), "CONT"), 1);
    SAME(ipc_capture_feed(writer, NULL, 0, reader, NULL, 10000, &said), 0);
    status = ipc_capture_status(said);
    SAME(ipc_status_code(status), 5);
    ipc_capture_free(said);
    FAILS(ipc_capture_feed(writer, "x", 1, NULL, NULL, 10000, &said), PERLIPC_E_CLOSED, "write");
    ipc_stream_free(writer);
    ipc_stream_free(reader);
    ipc_cmd_free(cmd);
}

/* What bounded the talk does not bound what is called after it. */
TEST(after_the_end_of_the_talk_close_waits_by_the_stream_s_own_limits) {
    ipc_stream *writer, *reader;
    ipc_capture *said;
    int32_t status;
    int ends[2];
    SAME(pipe2(ends, O_CLOEXEC), 0);
    ipc_cmd *cmd = ipc_cmd_shell("exec >&- 2>&-; read x <&3; sleep 0.2; exit 6");
    SAME(ipc_cmd_pass(cmd, 3, ends[0]), 0);
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    SAME(ipc_capture_feed(writer, NULL, 0, reader, NULL, 150, &said), -ETIMEDOUT);
    ipc_capture_free(said);
    close(ends[0]);
    close(ends[1]); /* the end of what it reads */
    SAME(ipc_stream_close(reader, &status), 0);
    SAME(ipc_status_code(status), 6);
    ipc_stream_free(writer);
    ipc_stream_free(reader);
    ipc_cmd_free(cmd);
}

/* What is offered again to one who has refused it is no error, and the deadline of the talk is not that of the close. */
TEST(refused_and_closed_after_a_deadline) {
    ipc_stream *writer, *reader;
    ipc_capture *said;
    int32_t status = -1;
    const char *line;
    ipc_cmd *cmd = ipc_cmd_shell("exec <&-; echo x; exec >&-; kill -STOP $$; exit 5");
    CHECK(ipc_open2(cmd, &reader, &writer) > 0);
    SAME(ipc_stream_readline(reader, &line), 2);
    until_stopped(reader);
    SAME(ipc_capture_feed(writer, "data", 4, reader, NULL, 150, &said), -ETIMEDOUT);
    SAME(ipc_capture_fed(said), 0);
    ipc_capture_free(said);
    SAME(ipc_capture_feed(writer, "data", 4, reader, NULL, 150, &said), -ETIMEDOUT);
    ipc_capture_free(said);
    SAME(ipc_child_kill(ipc_stream_child(reader), "CONT"), 1);
    SAME(ipc_stream_close(reader, &status), 0);
    SAME(ipc_status_code(status), 5);
    ipc_stream_free(writer);
    ipc_stream_free(reader);
    ipc_cmd_free(cmd);
}

TEST(what_a_talk_of_pieces_did_not_pass_on_is_in_the_streams) {
    ipc_stream *one, *one_writer, *other, *other_writer, *full_reader, *full;
    const char *line;
    int32_t stop = 7;
    static char much[200000], all[sizeof much];
    SAME(ipc_pipe_new(&one, &one_writer), 0);
    SAME(ipc_pipe_new(&other, &other_writer), 0);
    SAME(ipc_stream_write(one_writer, "a\nbb\n", 5), 5);
    SAME(ipc_stream_write(other_writer, "c\ndd\n", 5), 5);
    SAME(ipc_stream_readline(one, &line), 2);
    SAME(ipc_stream_readline(other, &line), 2);
    SAME(ipc_capture_each(NULL, NULL, 0, one, other, 20000, hear, &stop), 7);
    SAME(ipc_stream_readline(other, &line), 3);
    /* More is buffered than a pipe takes. */
    SAME(ipc_pipe_new(&full_reader, &full), 0);
    for (size_t i = 0; i < sizeof much; i++) much[i] = (char)(i * 7 >> 3);
    SAME(ipc_stream_timeout(full, 0), 0);
    FAILS(ipc_stream_write(full, much, sizeof much), -ETIMEDOUT, "write");
    FAILS(ipc_capture_each(full, "x", 1, one, NULL, 50, hear, &stop), -ETIMEDOUT, "capture");
    SAME(ipc_stream_timeout(full_reader, 20000), 0);
    size_t got = 0;
    while (got < sizeof all) {
        int64_t n = ipc_stream_read(full_reader, all + got, sizeof all - got);
        CHECK(n > 0);
        if (n <= 0) break;
        got += (size_t)n;
        (void)!ipc_stream_flush(full);
    }
    CHECK(!memcmp(all, much, sizeof much));
    ipc_stream_free(one), ipc_stream_free(one_writer);
    ipc_stream_free(other), ipc_stream_free(other_writer);
    ipc_stream_free(full), ipc_stream_free(full_reader);
}

TEST(each_piece_as_it_comes) {
    ipc_stream *writer, *reader, *error;
    int32_t stop = 0;
    char input[100000];
    memset(input, 'x', sizeof input);
    ipc_cmd *cmd = ipc_cmd_shell("cat; echo done >&2");
    CHECK(ipc_open3(cmd, &writer, &reader, &error) > 0);
    memset(heard, 0, sizeof heard);
    SAME(ipc_capture_each(writer, input, sizeof input, reader, error, -1, hear, &stop), 0);
    SAME(heard[1], sizeof input);
    SAME(heard[2], 5);
    ipc_stream_free(writer);
    shut(error);
    SAME(shut(reader), 0);
    CHECK(ipc_open3(cmd, &writer, &reader, &error) > 0);
    stop = 7;
    SAME(ipc_capture_each(writer, "y", 1, reader, error, -1, hear, &stop), 7);
    ipc_stream_free(writer);
    shut(error);
    shut(reader);
    CHECK(ipc_open3(cmd, &writer, &reader, &error) > 0);
    stop = -7;
    FAILS(ipc_capture_each(writer, "y", 1, reader, error, -1, hear, &stop), PERLIPC_E_HANDLER, "capture");
    TEXT(ipc_error_last_text(), "capture: given up by a callback");
    ipc_stream_free(writer);
    shut(error);
    shut(reader);
    ipc_cmd_free(cmd);
}
