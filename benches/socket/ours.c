/* perlipc, as a user would write it. */
#include "sockets.h"
#include <perlipc.h>

static char data[1 << 16];

static void must(int64_t code) {
    if (code < 0) fprintf(stderr, "%s\n", ipc_error_last_text()), exit(1);
}

static void ping(ipc_stream *s) {
    OFTEN({
        if (ipc_stream_write(s, data, SIZE) != SIZE || ipc_stream_read_full(s, data, SIZE) != SIZE) wrong("ping", 0);
    });
}

static void lines(ipc_stream *s) {
    long count = 0;
    const uint64_t *ends;
    const char *base;
    for (int64_t n; (n = ipc_stream_lines(s, &ends, &base)) > 0;) count += n;
    if (count != LINES) wrong("lines", count);
}

static void batch(void) {
    char addr[64];
    const void *message;
    ipc_dgram *to, *from;
    ipc_batch *out = ipc_batch_new(1, 1), *in = ipc_batch_new(BATCH, SIZE);
    must(ipc_udp_open("127.0.0.1", 0, 0, &to));
    must(ipc_udp_open("127.0.0.1", 0, 0, &from));
    must(ipc_dgram_addr(to, addr, sizeof addr));
    must(ipc_dgram_connect(from, addr));
    OFTEN({
        for (int i = 0; i < BATCH; i++) must(ipc_batch_add(out, data, SIZE, 0));
        if (ipc_batch_send(out, from, -1) != BATCH) wrong("batch", 0);
        for (int n = 0; n < BATCH;) {
            int got = ipc_batch_recv(in, to, -1);
            must(got);
            for (int i = 0; i < got; i++)
                if (ipc_batch_message(in, i, &message, 0) != SIZE) wrong("batch", got);
            n += got;
        }
    });
}

static int32_t answers(int32_t client, void *userdata) {
    (void)userdata;
    ssize_t n = read(client, data, sizeof data);
    return n > 0 && write(client, data, (size_t)n) == n ? 0 : 1;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    char said[256];
    ipc_stream *s;
    ipc_listener *l;
    prepare();
    if (is(what, "tcp_pp")) {
        start_echo("tcp", said, sizeof said);
        must(ipc_tcp_connect("127.0.0.1", said, 0, -1, &s));
        ping(s);
    } else if (is(what, "unix_pp")) {
        start_echo("unix", said, sizeof said);
        must(ipc_unix_connect(said, 0, -1, &s));
        unlink(said);
        ping(s);
    } else if (is(what, "udp_pp")) {
        start_echo("udp", said, sizeof said);
        char addr[300];
        ipc_dgram *d;
        snprintf(addr, sizeof addr, "127.0.0.1:%s", said);
        must(ipc_udp_open("127.0.0.1", 0, 0, &d));
        must(ipc_dgram_connect(d, addr));
        OFTEN({
            must(ipc_dgram_send(d, data, SIZE, 0, -1));
            if (ipc_dgram_recv(d, data, sizeof data, -1, 0) != SIZE) wrong("udp", 0);
        });
    } else if (is(what, "tcp_conn")) {
        start_echo("sink", said, sizeof said);
        OFTEN({
            must(ipc_tcp_connect("127.0.0.1", said, 0, -1, &s));
            ipc_stream_free(s);
        });
    } else if (is(what, "unix_lines")) {
        start_echo("lines", said, sizeof said);
        must(ipc_unix_connect(said, 0, -1, &s));
        unlink(said);
        ONCE(LINES, lines(s));
    } else if (is(what, "udp_batch")) {
        batch();
    } else if (is(what, "pp1")) {
        must(ipc_tcp_listen("127.0.0.1", 0, 0, &l));
        pid_t load = start_load("pp1", ipc_listener_port(l));
        must(ipc_listener_accept(l, -1, &s));
        for (int64_t n; (n = ipc_stream_read(s, data, sizeof data)) > 0;) must(ipc_stream_write(s, data, (size_t)n));
        ended(load);
    } else if (is(what, "tp64")) {
        static ipc_stream *clients[CLIENTS];
        ipc_poll *set = ipc_poll_new();
        int64_t tag;
        uint32_t events;
        int count = 0, open = 0;
        must(ipc_tcp_listen("127.0.0.1", 0, 0, &l));
        must(ipc_poll_listener(set, l, CLIENTS));
        pid_t load = start_load("tp64", ipc_listener_port(l));
        do {
            must(ipc_poll_next(set, -1, &tag, &events));
            if (tag == CLIENTS) {
                must(ipc_listener_accept(l, 0, &clients[count]));
                must(ipc_poll_stream(set, clients[count], PERLIPC_READ, count));
                count++, open++;
                continue;
            }
            int64_t n = ipc_stream_read(clients[tag], data, sizeof data);
            if (n > 0) {
                must(ipc_stream_write(clients[tag], data, (size_t)n));
            } else {
                must(ipc_poll_remove(set, tag));
                ipc_stream_free(clients[tag]);
                open--;
            }
        } while (open > 0);
        ended(load);
    } else if (is(what, "conn_prefork") || is(what, "conn_fork")) {
        must(ipc_tcp_listen("127.0.0.1", 0, 0, &l));
        int port = ipc_listener_port(l);
        ipc_server *v = ipc_server_new(l);
        must(ipc_server_handler(v, answers, 0));
        must(ipc_server_drain(v, "TERM", 5000));
        if (is(what, "conn_prefork")) must(ipc_server_prefork(v, WORKERS));
        pid_t load = start_load("conn", port);
        must(ipc_server_run(v));
        ended(load);
    } else {
        return 77;
    }
    return 0;
}
