/* Datagrams: true lengths, senders, connected, multicast. */
#include "check.h"

TEST(messages) {
    ipc_dgram *one, *other;
    char to[64], back[64], data[4];
    int32_t value = 0;
    const char *from;
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &one), 0);
    SAME(ipc_udp_open("127.0.0.1", "0", "rcvbuf=65536", &other), 0);
    CHECK(ipc_dgram_addr(other, to, sizeof to) > 0);
    CHECK(ipc_dgram_addr(one, back, sizeof back) > 0);
    SAME(ipc_dgram_send(one, "longer", 6, to, -1), 6);
    SAME(ipc_dgram_peek(other, data, sizeof data, 5000, &from), 6);
    TEXT(from, back);
    SAME(ipc_dgram_send(one, NULL, 0, to, -1), 0);
    SAME(ipc_dgram_recv(other, data, sizeof data, 5000, &from), 6);
    TEXT(from, back);
    CHECK(!memcmp(data, "long", 4));
    SAME(ipc_dgram_recv(other, data, sizeof data, 5000, NULL), 0);
    SAME(ipc_dgram_recv(other, data, sizeof data, 0, &from), -ETIMEDOUT);
    SAME(ipc_dgram_send(one, "x", 1, NULL, -1), -EDESTADDRREQ);
    SAME(ipc_dgram_send(one, "x", 1, "nowhere", -1), PERLIPC_E_INVALID);
    SAME(ipc_dgram_peer(one, data, sizeof data), -ENOTCONN);
    SAME(ipc_dgram_connect(one, to), 0);
    SAME(ipc_dgram_peer(one, back, sizeof back), (int)strlen(to));
    TEXT(back, to);
    ipc_dgram_free(other);
    SAME(ipc_dgram_send(one, "x", 1, NULL, -1), 1);
    SAME(ipc_dgram_recv(one, data, sizeof data, 5000, &from), -ECONNREFUSED);
    SAME(ipc_dgram_option(one, "broadcast", 1), 0);
    SAME(ipc_dgram_option_value(one, "broadcast", &value), 0);
    SAME(value, 1);
    SAME(ipc_dgram_option_value(one, "nosuch", &value), PERLIPC_E_INVALID);
    SAME(ipc_dgram_join(one, "127.0.0.1", NULL), -EINVAL);
    SAME(ipc_dgram_join(one, "none", NULL), PERLIPC_E_INVALID);
    SAME(ipc_dgram_join(one, "239.255.7.7", "lo"), 0);
    SAME(ipc_dgram_leave(one, "239.255.7.7", "lo"), 0);
    SAME(ipc_dgram_leave(one, "239.255.7.7", "lo"), -EADDRNOTAVAIL);
    CHECK(ipc_dgram_fd(one) > 2);
    SAME(ipc_dgram_multicast(one, 1, 1, "lo"), 0);
    SAME(ipc_dgram_multicast(one, 256, -1, NULL), PERLIPC_E_INVALID);
    SAME(ipc_dgram_multicast(one, -1, 2, NULL), PERLIPC_E_INVALID);
    SAME(ipc_dgram_multicast(one, -1, -2, NULL), PERLIPC_E_INVALID);
    SAME(ipc_dgram_cancel(one), 0);
    SAME(ipc_dgram_recv(one, data, sizeof data, 5000, &from), PERLIPC_E_CANCELED);
    ipc_dgram_free(one);
}

TEST(unix_messages) {
    char name[64], data[16];
    const char *from;
    ipc_dgram *server, *client;
    snprintf(name, sizeof name, "@perlipc-c-%d", getpid());
    SAME(ipc_dgram_unix(name, NULL, &server), 0);
    SAME(ipc_dgram_unix(NULL, NULL, &client), 0);
    SAME(ipc_dgram_send(client, "hi", 2, name, -1), 2);
    SAME(ipc_dgram_recv(server, data, sizeof data, 5000, &from), 2);
    TEXT(from, "");
    ipc_dgram_free(client);
    ipc_dgram_free(server);
}

TEST(a_pair_and_bytes_that_are_no_text) {
    char data[8], path[160], bound[160];
    const char *from;
    ipc_dgram *one, *other;
    SAME(ipc_dgram_pair(&one, &other), 0);
    SAME(ipc_dgram_send(one, "", 0, NULL, -1), 0);
    SAME(ipc_dgram_recv(other, data, sizeof data, 5000, NULL), 0);
    ipc_dgram_free(one);
    SAME(ipc_dgram_send(other, "x", 1, NULL, -1), -ECONNREFUSED);
    ipc_dgram_free(other);
    /* A file's name is bytes. */
    snprintf(path, sizeof path, "%s", in_room("\xff\xfe"));
    SAME(ipc_dgram_unix(path, NULL, &one), 0);
    SAME(ipc_dgram_addr(one, bound, sizeof bound), (int)strlen(path));
    TEXT(bound, path);
    SAME(ipc_dgram_unix(NULL, NULL, &other), 0);
    SAME(ipc_dgram_send(other, "hi", 2, path, -1), 2);
    SAME(ipc_dgram_recv(one, data, sizeof data, 5000, &from), 2);
    ipc_dgram_free(other);
    ipc_dgram_free(one);
}

TEST(a_name_without_a_slash_is_answered) {
    char data[16], here[256];
    const char *from;
    ipc_dgram *server, *client;
    CHECK(getcwd(here, sizeof here) && chdir(room()) == 0);
    SAME(ipc_dgram_unix("serv", NULL, &server), 0);
    SAME(ipc_dgram_unix("cli", NULL, &client), 0);
    SAME(ipc_dgram_send(client, "hi", 2, "serv", -1), 2);
    SAME(ipc_dgram_recv(server, data, sizeof data, 5000, &from), 2);
    TEXT(from, "cli");
    SAME(ipc_dgram_send(server, "ho", 2, from, -1), 2);
    SAME(ipc_dgram_recv(client, data, sizeof data, 5000, NULL), 2);
    SAME(ipc_dgram_connect(server, "cli"), 0);
    SAME(ipc_dgram_send(server, "hum", 3, NULL, -1), 3);
    SAME(ipc_dgram_recv(client, data, sizeof data, 5000, NULL), 3);
    SAME(ipc_dgram_send(server, "x", 1, "", -1), PERLIPC_E_INVALID);
    ipc_dgram_free(client);
    ipc_dgram_free(server);
    CHECK(chdir(here) == 0);
}
