/* Named pipes. */
#include "check.h"

TEST(named_pipes) {
    ipc_stream *reader, *writer;
    const char *line;
    char path[256], small[8];
    struct stat st;
    CHECK(ipc_fifo_private(path, sizeof path) > 0);
    SAME(ipc_fifo_private(small, sizeof small), -ERANGE);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    SAME(ipc_fifo_is(path), 1);
    SAME(ipc_fifo_is("/dev/null"), 0);
    char endless[301];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    SAME(ipc_fifo_is(endless), 0);
    FAILS(ipc_fifo_make(path, 0600), -EEXIST, "mkfifo");
    FAILS(ipc_fifo_open(path, ">", 30, &writer), -ETIMEDOUT, "open");
    CHECK(writer == NULL);
    FAILS(ipc_fifo_open(path, "<", 30, &reader), -ETIMEDOUT, "open");
    SAME(ipc_fifo_open(path, "+<", -1, &reader), 0);
    for (int i = 0; i < 2; i++) {
        SAME(ipc_fifo_open(path, ">", 1000, &writer), 0);
        SAME(ipc_stream_write(writer, "one\n", 4), 4);
        SAME(ipc_stream_close(writer, NULL), 0);
        ipc_stream_free(writer);
        CHECK(ipc_stream_readline(reader, &line) > 0);
        TEXT(line, "one\n");
    }
    /* What it writes itself it reads without a flush between. */
    SAME(ipc_stream_timeout(reader, 5000), 0);
    SAME(ipc_stream_write(reader, "self\n", 5), 5);
    CHECK(ipc_stream_readline(reader, &line) > 0);
    TEXT(line, "self\n");
    ipc_stream_free(reader);
    FAILS(ipc_fifo_open("/dev/null", "<", 0, &reader), PERLIPC_E_INVALID, "fifo");
    CHECK(unlink(path) == 0);
    *strrchr(path, '/') = 0;
    CHECK(rmdir(path) == 0);
}
