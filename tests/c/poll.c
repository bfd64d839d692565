/* Poll sets, and select. */
#include <sys/socket.h>

#include "check.h"

static void make_pipe(ipc_stream **reader, ipc_stream **writer) {
    int fds[2];
    SAME(pipe2(fds, O_CLOEXEC), 0);
    SAME(ipc_stream_adopt(fds[0], reader), 0);
    SAME(ipc_stream_adopt(fds[1], writer), 0);
}

#define FIRST(p, timeout, want_tag, want_events) do { \
        int64_t tag_ = -1; \
        uint32_t events_ = 0; \
        SAME(ipc_poll_next(p, timeout, &tag_, &events_), 1); \
        SAME(tag_, want_tag); \
        SAME(events_, want_events); \
    } while (0)

TEST(the_open3_loop) {
    ipc_cmd *cmd = ipc_cmd_shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf half; exit 3");
    ipc_stream *out, *err, *in;
    CHECK(ipc_open3(cmd, &in, &out, &err) > 0);
    ipc_child *child = ipc_stream_child(out);
    ipc_poll *p = ipc_poll_new();
    SAME(ipc_poll_stream(p, out, PERLIPC_LINE, 1), 0);
    SAME(ipc_poll_stream(p, err, PERLIPC_LINE, 2), 0);
    SAME(ipc_poll_child(p, child, 3), 0);
    SAME(ipc_poll_count(p), 3);
    char said[3][100] = {"", "", ""};
    int64_t tag;
    uint32_t events;
    int32_t more;
    while ((more = ipc_poll_next(p, 20000, &tag, &events)) > 0) {
        const char *line;
        if (tag == 3) {
            SAME(events & PERLIPC_EXIT, PERLIPC_EXIT);
            continue;
        }
        CHECK(events & PERLIPC_LINE);
        int64_t len = ipc_stream_readline(tag == 1 ? out : err, &line);
        CHECK(len >= 0);
        if (len > 0) strcat(said[tag], line);
        else SAME(ipc_poll_remove(p, tag), 1);
    }
    SAME(more, 0);
    TEXT(said[1], "out 1\nout 2\nout 3\nhalf");
    TEXT(said[2], "err 1\nerr 2\nerr 3\n");
    int32_t status;
    SAME(ipc_child_wait(child, 0, &status), 0);
    SAME(ipc_status_code(status), 3);
    ipc_poll_free(p);
    ipc_poll_free(NULL);
    ipc_stream_free(in);
    ipc_stream_free(out);
    ipc_stream_free(err);
    ipc_cmd_free(cmd);
}

TEST(what_is_ready) {
    ipc_stream *one, *other, *reader, *writer;
    ipc_listener *l;
    ipc_dgram *d, *e;
    int64_t tag;
    uint32_t events;
    SAME(ipc_unix_pair(&one, &other), 0);
    make_pipe(&reader, &writer);
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &d), 0);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &e), 0);
    ipc_poll *p = ipc_poll_new();
    SAME(ipc_poll_next(p, -1, &tag, &events), 0);
    SAME(ipc_poll_stream(p, one, PERLIPC_READ | PERLIPC_LINE, 1), 0);
    SAME(ipc_poll_listener(p, l, 2), 0);
    SAME(ipc_poll_dgram(p, d, PERLIPC_READ, 3), 0);
    SAME(ipc_poll_fd(p, ipc_stream_fd(reader), PERLIPC_READ, INT64_MIN), 0);
    SAME(ipc_poll_next(p, 0, &tag, &events), -ETIMEDOUT);
    SAME(ipc_poll_next(p, 1, NULL, NULL), -ETIMEDOUT);

    SAME(ipc_stream_write(other, "half", 4), 4);
    FIRST(p, 20000, 1, PERLIPC_READ);
    SAME(ipc_stream_write(other, " a line\nand", 11), 11);
    FIRST(p, 20000, 1, PERLIPC_READ | PERLIPC_LINE);
    const char *line;
    SAME(ipc_stream_readline(one, &line), 12);
    FIRST(p, 0, 1, PERLIPC_READ);
    SAME(ipc_poll_change(p, 1, PERLIPC_WRITE), 0);
    FIRST(p, 0, 1, PERLIPC_WRITE);
    SAME(ipc_poll_change(p, 1, PERLIPC_LINE), 0);
    SAME(ipc_poll_next(p, 0, &tag, &events), -ETIMEDOUT);

    char port[16];
    ipc_stream *client;
    snprintf(port, sizeof port, "%d", ipc_listener_port(l));
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 20000, &client), 0);
    FIRST(p, 20000, 2, PERLIPC_READ);
    ipc_stream *server;
    SAME(ipc_listener_accept(l, 0, &server), 0);
    char addr[64];
    CHECK(ipc_dgram_addr(d, addr, sizeof addr) > 0);
    SAME(ipc_dgram_send(e, "x", 1, addr, -1), 1);
    FIRST(p, 20000, 3, PERLIPC_READ);
    const char *from;
    SAME(ipc_dgram_recv(d, addr, sizeof addr, 0, &from), 1);
    SAME(ipc_stream_write(writer, "x", 1), 1);
    FIRST(p, 20000, INT64_MIN, PERLIPC_READ);

    FAILS(ipc_poll_stream(p, writer, PERLIPC_READ, 4), -EBADF, "poll");
    FAILS(ipc_poll_stream(p, one, PERLIPC_EXIT, 4), PERLIPC_E_INVALID, "poll");
    FAILS(ipc_poll_stream(p, one, 1u << 20, 4), PERLIPC_E_INVALID, "poll");
    FAILS(ipc_poll_fd(p, 0, PERLIPC_LINE, 4), PERLIPC_E_INVALID, "poll");
    FAILS(ipc_poll_fd(p, 9999, PERLIPC_READ, 4), -EBADF, "poll");
    SAME(ipc_poll_change(p, 2, PERLIPC_LINE), PERLIPC_E_INVALID);
    SAME(ipc_poll_change(p, 99, PERLIPC_LINE), 0);
    SAME(ipc_poll_remove(p, 99), 0);
    SAME(ipc_poll_remove(NULL, 1), PERLIPC_E_INVALID);
    SAME(ipc_poll_stream(p, (ipc_stream *)l, PERLIPC_READ, 4), PERLIPC_E_INVALID);
    SAME(ipc_poll_count(p), 4);

    /* What is closed or freed is out. */
    int32_t status;
    SAME(ipc_stream_close(one, &status), 0);
    ipc_listener_free(l);
    ipc_dgram_free(d);
    SAME(ipc_poll_remove(p, INT64_MIN), 1);
    SAME(ipc_poll_next(p, -1, &tag, &events), 0);
    SAME(ipc_poll_count(p), 0);
    SAME(ipc_poll_stream(p, one, PERLIPC_READ, 4), PERLIPC_E_CLOSED);
    SAME(ipc_poll_stream(p, other, PERLIPC_READ | PERLIPC_LINE, 5), 0);
    SAME(ipc_poll_stream(p, client, PERLIPC_READ | PERLIPC_LINE, 6), 0);
    SAME(ipc_stream_write(server, "one\ntwo\n", 8), 8);
    CHECK(ipc_poll_next(p, 0, &tag, &events) == 1);
    ipc_stream_free(other);
    ipc_stream_free(client);
    SAME(ipc_poll_next(p, -1, &tag, &events), 0);
    ipc_poll_free(p);
    ipc_stream_free(one);
    ipc_stream_free(server);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    ipc_dgram_free(e);
}

static int32_t again(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name;
    int64_t tag;
    uint32_t events;
    /* Inside the wait that it interrupted. */
    SAME(ipc_poll_next(userdata, 0, &tag, &events), PERLIPC_E_BUSY);
    SAME(ipc_poll_remove(userdata, 1), 1);
    return 0;
}

TEST(signals) {
    ipc_poll *p = ipc_poll_new();
    ipc_stream *reader, *writer;
    int64_t tag;
    uint32_t events;
    make_pipe(&reader, &writer);
    SAME(ipc_poll_stream(p, reader, PERLIPC_READ, 1), 0);
    SAME(ipc_signal_handle("ALRM", again, p), 0);
    CHECK(ipc_signal_alarm(10, 0) >= 0);
    /* The handler takes out the last entry. */
    SAME(ipc_poll_next(p, 20000, &tag, &events), 0);
    SAME(ipc_signal_default("ALRM"), 0);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
    ipc_poll_free(p);
}

/* In a forked child: the descriptor of the signals stays for the life of its process. */
TEST(queued_signals) {
    ipc_child *child;
    int32_t status, bad = check_bad;
    CHECK(ipc_fork(&child) >= 0);
    if (child) {
        SAME(ipc_child_wait(child, 20000, &status), 0);
        SAME(status, 0);
        ipc_child_free(child);
        return;
    }
    ipc_poll *p = ipc_poll_new();
    int64_t tag;
    uint32_t events;
    SAME(ipc_signal_queue("USR1"), 0);
    SAME(ipc_poll_signals(p, 7), 0);
    SAME(ipc_poll_next(p, 0, &tag, &events), -ETIMEDOUT);
    raise(SIGUSR1);
    FIRST(p, 20000, 7, PERLIPC_SIGNAL);
    SAME(ipc_signal_next(0), SIGUSR1);
    SAME(ipc_signal_next(0), -ETIMEDOUT);
    SAME(ipc_poll_next(p, 0, &tag, &events), -ETIMEDOUT);
    SAME(ipc_signal_default("USR1"), 0);
    ipc_poll_free(p);
    _exit(check_bad != bad);
}

static void *cancels(void *p) {
    SAME(ipc_poll_cancel(p), 0);
    return NULL;
}

TEST(cancelled) {
    ipc_poll *p = ipc_poll_new();
    int64_t tag;
    uint32_t events;
    pthread_t thread;
    int fds[2];
    SAME(pipe(fds), 0);
    SAME(ipc_poll_fd(p, fds[0], PERLIPC_READ, 1), 0);
    SAME(pthread_create(&thread, NULL, cancels, p), 0);
    SAME(ipc_poll_next(p, 20000, &tag, &events), PERLIPC_E_CANCELED);
    pthread_join(thread, NULL);
    ipc_poll_free(p);
    close(fds[0]);
    close(fds[1]);
}

struct reading { ipc_stream *stream; pid_t tid; int64_t lines, end; };

static void *reads(void *arg) {
    struct reading *r = arg;
    const char *line;
    __atomic_store_n(&r->tid, gettid(), __ATOMIC_SEQ_CST);
    while ((r->end = ipc_stream_readline(r->stream, &line)) > 0) __atomic_add_fetch(&r->lines, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&r->tid, -1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* Whether it can be written to is asked without a look at what its reader does. */
TEST(writing_is_asked_for_while_another_thread_reads) {
    int pair[2];
    pthread_t thread;
    ipc_poll *p = ipc_poll_new();
    struct reading r = {0};
    ipc_stream *peer;
    int64_t tag;
    uint32_t events;
    SAME(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    SAME(ipc_stream_adopt(pair[0], &r.stream), 0);
    SAME(ipc_stream_adopt(pair[1], &peer), 0);
    SAME(pthread_create(&thread, NULL, reads, &r), 0);
    while (!__atomic_load_n(&r.tid, __ATOMIC_SEQ_CST)) sched_yield();
    until_asleep(r.tid);
    SAME(ipc_poll_stream(p, r.stream, PERLIPC_WRITE, 1), 0);
    for (int i = 0; i < 20000; i++) {
        SAME(ipc_stream_write(peer, "line\n", 5), 5);
        SAME(ipc_poll_next(p, 20000, &tag, &events), 1);
        SAME(events & PERLIPC_WRITE, PERLIPC_WRITE);
    }
    SAME(ipc_stream_close(peer, NULL), 0);
    while (__atomic_load_n(&r.tid, __ATOMIC_SEQ_CST) != -1) SAME(ipc_poll_next(p, 20000, &tag, &events), 1);
    SAME(pthread_join(thread, NULL), 0);
    SAME(r.end, 0);
    SAME(r.lines, 20000);
    ipc_poll_free(p);
    ipc_stream_free(r.stream);
    ipc_stream_free(peer);
}

static void bit(unsigned char *set, int fd) { set[fd / 8] |= 1 << fd % 8; }

TEST(select_as_perl) {
    int fds[2], left;
    unsigned char r[8] = {0}, w[8] = {0}, none[8] = {0}, both[8] = {0};
    SAME(pipe(fds), 0);
    bit(r, fds[0]), bit(w, fds[1]);
    SAME(ipc_select(r, w, NULL, sizeof r, 0, NULL), 1);
    SAME(memcmp(r, none, 8), 0);
    bit(r, fds[0]);
    SAME(write(fds[1], "x", 1), 1);
    SAME(ipc_select(r, w, none, sizeof r, -1, &left), 2);
    SAME(left, -1);
    CHECK(r[fds[0] / 8] && w[fds[1] / 8]);
    SAME(ipc_select(r, NULL, NULL, sizeof r, 20000, &left), 1);
    CHECK(left > 10000 && left <= 20000);
    /* The same set for both: what is left of it is of the second. */
    bit(both, fds[0]), bit(both, fds[1]);
    SAME(ipc_select(NULL, both, NULL, sizeof both, 0, NULL), 1);
    SAME(memcmp(both, w, 8), 0);
    /* The sets end where they end. */
    SAME(ipc_select(w, NULL, NULL, 0, 0, NULL), -ETIMEDOUT);
    SAME(ipc_select(w, NULL, NULL, sizeof w, 10, &left), -ETIMEDOUT);
    SAME(left, 0);
    SAME(memcmp(w, none, 8), 0);
    SAME(ipc_select(NULL, NULL, NULL, 0, 10, NULL), -ETIMEDOUT);
    close(fds[0]);
    close(fds[1]);
    bit(r, fds[0]);
    FAILS(ipc_select(r, NULL, NULL, sizeof r, 0, NULL), -EBADF, "select");
    CHECK(r[fds[0] / 8]);
}
