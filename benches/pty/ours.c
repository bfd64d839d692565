/* perlipc through its C ABI, as a user would write it. */
#include "teller.h"

#include <perlipc.h>

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static ipc_stream *start(char **argv) {
    ipc_cmd *cmd = ipc_cmd_argv((const char *const *)argv);
    ipc_stream *pty;
    check(ipc_pty_open(cmd, 24, 80, &pty));
    ipc_cmd_free(cmd);
    return pty;
}

static void finish(ipc_stream *pty) {
    int32_t status;
    check(ipc_stream_close(pty, &status));
    if (status != 0) wrong("status", status);
    ipc_stream_free(pty);
}

static void spawn(void) {
    char room[4096];
    ipc_stream *pty = start(hi_argv);
    int64_t got = ipc_stream_read_full(pty, room, sizeof room);
    if (got != 3) wrong("bytes", got);
    finish(pty);
}

static void talk(ipc_stream *pty, const ipc_expect *pong) {
    check(ipc_stream_write(pty, "ping\n", 5));
    check(ipc_expect_wait(pong, pty, PERLIPC_DEFAULT));
}

static void find(const ipc_expect *needle) {
    size_t len;
    char room[64];
    ipc_stream *pty = start(flood_argv);
    check(ipc_expect_wait(needle, pty, -1));
    const char *match = ipc_expect_match(pty, 0, &len);
    if (!match || len != 8 || memcmp(match, "needle42", 8) != 0) wrong("match", (long long)len);
    if (ipc_stream_read_full(pty, room, sizeof room) != 1) wrong("rest", 0);
    finish(pty);
    small();
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int regex;
    long mib = searched(what, &regex);
    ipc_expect *expect = ipc_expect_new();
    prepare();
    if (mib) {
        if (regex) check(ipc_expect_regex(expect, "n[e]+dle(\\d+)"));
        else check(ipc_expect_text(expect, "needle42", 8));
        check(ipc_expect_window(expect, 1 << 16));
        ONCE(mib, find(expect));
    } else if (is(what, "spawn")) OFTEN(spawn());
    else if (is(what, "talk")) {
        ipc_stream *pty = start(answer_argv);
        check(ipc_expect_text(expect, "pong\n", 5));
        OFTEN(talk(pty, expect));
        ipc_stream_free(pty);
    } else return 77;
    ipc_expect_free(expect);
    return 0;
}
