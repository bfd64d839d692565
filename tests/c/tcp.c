/* TCP: connect, listen, options, halves, urgent data. */
#include "check.h"

static ipc_stream *client, *server;

static void both(void) {
    ipc_listener *l;
    char port[16];
    SAME(ipc_tcp_listen("127.0.0.1", "0", "backlog=5", &l), 0);
    snprintf(port, sizeof port, "%d", ipc_listener_port(l));
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 5000, &client), 0);
    SAME(ipc_listener_accept(l, 5000, &server), 0);
    ipc_listener_free(l);
}

static void neither(void) {
    ipc_stream_free(client);
    ipc_stream_free(server);
}

TEST(a_conversation) {
    char one[64], other[64];
    const char *line;
    both();
    CHECK(ipc_stream_peer(client, one, sizeof one) > 0);
    CHECK(ipc_stream_addr(server, other, sizeof other) > 0);
    TEXT(one, other);
    SAME(ipc_stream_write(client, "hello\r\n", 7), 7);
    SAME(ipc_stream_readline(server, &line), 7);
    TEXT(line, "hello\r\n");
    SAME(ipc_stream_shutdown(client), 0);
    SAME(ipc_stream_readline(server, &line), 0);
    SAME(ipc_stream_write(server, "late\n", 5), 5);
    SAME(ipc_stream_close(server, NULL), 0);
    SAME(ipc_stream_readline(client, &line), 5);
    SAME(ipc_stream_readline(client, &line), 0);
    neither();
}

TEST(options) {
    int32_t value = -7;
    both();
    SAME(ipc_stream_option_value(client, "nodelay", &value), 0);
    SAME(value, 1);
    SAME(ipc_stream_option(client, "linger", 0), 0);
    SAME(ipc_stream_option_value(client, "linger", &value), 0);
    SAME(value, 0);
    SAME(ipc_stream_option(client, "nosuch", 1), PERLIPC_E_INVALID);
    ipc_stream_free(client);
    client = NULL;
    SAME(ipc_stream_read(server, &value, sizeof value), -ECONNRESET);
    SAME(ipc_stream_read(server, &value, sizeof value), 0);
    neither();
}

TEST(urgent) {
    char data[8];
    both();
    SAME(ipc_stream_write(client, "abc", 3), 3);
    SAME(ipc_tcp_send_urgent(client, '!'), 0);
    SAME(ipc_stream_write(client, "def", 3), 3);
    SAME(ipc_stream_read_full(server, data, 3), 3);
    for (int i = 0; i < 5000 && ipc_tcp_at_mark(server) == 0; i++) usleep(1000);
    SAME(ipc_tcp_recv_urgent(server), '!');
    SAME(ipc_stream_read_full(server, data, 3), 3);
    CHECK(!memcmp(data, "def", 3));
    SAME(ipc_tcp_at_mark(server), 0);
    SAME(ipc_tcp_send_urgent(client, 256), PERLIPC_E_INVALID);
    neither();
}

/* The limit of one's own can be tried again; behind the system's there is nothing more, which looks like an end. */
TEST(whose_time_is_up) {
    static char data[8 << 20];
    ipc_listener *l;
    char port[16];
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    snprintf(port, sizeof port, "%d", (int)ipc_listener_port(l));
    SAME(ipc_tcp_connect("127.0.0.1", port, "user_timeout=300", 5000, &client), 0);
    SAME(ipc_listener_accept(l, 5000, &server), 0);
    ipc_listener_free(l);
    SAME(ipc_stream_timeout(client, 0), 0);
    SAME(ipc_stream_read(client, data, 1), -ETIMEDOUT);
    SAME(ipc_error_last_by_limit(), 1);
    SAME(ipc_stream_timeout(client, -1), 0);
    /* More than goes into both buffers, and nobody reads. */
    SAME(ipc_stream_write(client, data, sizeof data), -ETIMEDOUT);
    SAME(ipc_error_last_by_limit(), 0);
    SAME(ipc_stream_read(client, data, 1), 0);
    neither();
}

TEST(failures) {
    ipc_stream *s = (ipc_stream *)&s;
    ipc_listener *l, *again = (ipc_listener *)&l;
    char port[16], text[64];
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    snprintf(port, sizeof port, "%d", ipc_listener_port(l));
    SAME(ipc_tcp_listen("127.0.0.1", port, NULL, &again), -EADDRINUSE);
    CHECK(!again);
    TEXT(ipc_error_last_step(), "bind");
    SAME(ipc_listener_addr(l, text, sizeof text), strlen(text));
    TEXT(ipc_error_last_path(), text);
    ipc_listener_free(l);
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 5000, &s), -ECONNREFUSED);
    CHECK(!s);
    SAME(ipc_tcp_connect("127.0.0.1", port, "nosuch", 5000, &s), PERLIPC_E_INVALID);
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 5000, NULL), PERLIPC_E_INVALID);
}
