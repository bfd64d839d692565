/* Batches: many datagrams in one system call, each with its true length and its sender. */
#include "check.h"

TEST(there_and_back) {
    char to[64], back[64], text[16];
    const void *data;
    const char *from;
    ipc_dgram *one, *other;
    ipc_batch *out = ipc_batch_new(8, 16), *in = ipc_batch_new(8, 16);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &one), 0);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &other), 0);
    CHECK(ipc_dgram_addr(other, to, sizeof to) > 0);
    CHECK(ipc_dgram_addr(one, back, sizeof back) > 0);
    SAME(ipc_batch_send(out, one, -1), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "message %d", i);
        SAME(ipc_batch_add(out, text, strlen(text), to), i + 1);
    }
    SAME(ipc_batch_add(out, "x", 1, "nowhere"), PERLIPC_E_INVALID);
    SAME(ipc_batch_add(out, "this is longer than 16 bytes", 28, to), 21);
    SAME(ipc_batch_add(out, NULL, 0, to), 22);
    SAME(ipc_batch_send(out, one, -1), 22);
    SAME(ipc_batch_send(out, one, -1), 0);
    for (int i = 0; i < 22;) {
        int32_t n = ipc_batch_recv(in, other, 5000);
        CHECK(n > 0 && n <= 8);
        if (n <= 0) break;
        for (int j = 0; j < n; j++, i++) {
            int64_t len = ipc_batch_message(in, j, &data, &from);
            TEXT(from, back);
            snprintf(text, sizeof text, i < 20 ? "message %d" : i == 20 ? "this is longer" : "", i);
            SAME(len, i == 20 ? 28 : (int)strlen(text));
            CHECK(!memcmp(data, text, strlen(text)));
        }
        SAME(ipc_batch_message(in, n, &data, &from), PERLIPC_E_INVALID);
        CHECK(!data);
        SAME(ipc_batch_message(in, -1, NULL, NULL), PERLIPC_E_INVALID);
    }
    SAME(ipc_batch_recv(in, other, 0), -ETIMEDOUT);
    SAME(ipc_batch_message(in, 0, NULL, NULL), PERLIPC_E_INVALID);
    ipc_dgram_free(one);
    ipc_dgram_free(other);
    ipc_batch_free(out);
    ipc_batch_free(in);
}

/* What fails stays, with what comes behind it. */
TEST(a_message_that_cannot_go) {
    static char huge[70000];
    char to[64];
    ipc_dgram *one, *other;
    ipc_batch *b = ipc_batch_new(4, 16);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &one), 0);
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &other), 0);
    CHECK(ipc_dgram_addr(other, to, sizeof to) > 0);
    SAME(ipc_batch_add(b, "a", 1, to), 1);
    SAME(ipc_batch_add(b, huge, sizeof huge, to), 2);
    SAME(ipc_batch_add(b, "b", 1, NULL), 3);
    SAME(ipc_batch_send(b, one, -1), 1);
    SAME(ipc_batch_send(b, one, -1), -EMSGSIZE);
    SAME(ipc_batch_send(b, one, -1), -EMSGSIZE);
    SAME(ipc_batch_clear(b), 0);
    SAME(ipc_batch_add(b, "b", 1, NULL), 1);
    SAME(ipc_batch_send(b, one, -1), -EDESTADDRREQ);
    SAME(ipc_dgram_connect(one, to), 0);
    SAME(ipc_batch_send(b, one, -1), 1);
    SAME(ipc_batch_recv(b, other, 5000), 2);
    ipc_dgram_free(one);
    ipc_dgram_free(other);
    ipc_batch_free(b);
}

TEST(no_room) {
    ipc_dgram *d;
    const struct { int32_t most; size_t size; int32_t code; } bad[] = {
        {0, 16, PERLIPC_E_INVALID}, {-1, 16, PERLIPC_E_INVALID}, {1, 0, PERLIPC_E_INVALID}, {1000, SIZE_MAX, -ENOMEM},
    };
    SAME(ipc_udp_open("127.0.0.1", NULL, NULL, &d), 0);
    for (int i = 0; i < 4; i++) {
        ipc_batch *b = ipc_batch_new(bad[i].most, bad[i].size);
        CHECK(b);
        SAME(ipc_batch_recv(b, d, 0), bad[i].code);
        SAME(ipc_batch_message(b, 0, NULL, NULL), bad[i].code);
        ipc_batch_free(b);
    }
    SAME(ipc_batch_clear(NULL), PERLIPC_E_INVALID);
    SAME(ipc_batch_add((ipc_batch *)d, "x", 1, NULL), PERLIPC_E_INVALID);
    ipc_batch_free(NULL);
    ipc_dgram_free(d);
}

TEST(a_name_without_a_slash_is_answered) {
    char data[16], here[256];
    const char *from;
    ipc_dgram *server, *client;
    ipc_batch *b = ipc_batch_new(4, 16);
    CHECK(getcwd(here, sizeof here) && chdir(room()) == 0);
    SAME(ipc_dgram_unix("serv", NULL, &server), 0);
    SAME(ipc_dgram_unix("cli", NULL, &client), 0);
    SAME(ipc_dgram_send(client, "hi", 2, "serv", -1), 2);
    SAME(ipc_batch_recv(b, server, 5000), 1);
    SAME(ipc_batch_message(b, 0, NULL, &from), 2);
    SAME(ipc_batch_add(b, "ho", 2, from), 1);
    SAME(ipc_batch_send(b, server, 5000), 1);
    SAME(ipc_dgram_recv(client, data, sizeof data, 5000, NULL), 2);
    ipc_batch_free(b);
    ipc_dgram_free(client);
    ipc_dgram_free(server);
    CHECK(chdir(here) == 0);
}

static int32_t gives_up(int32_t signal, const char *name, void *userdata) {
    (void)signal, (void)name, (void)userdata;
    return 1;
}

TEST(given_up_in_the_middle) {
    ipc_dgram *one, *other;
    ipc_batch *b = ipc_batch_new(1, 16);
    int next = 0, number;
    int32_t sent;
    SAME(ipc_dgram_pair(&one, &other), 0);
    for (int i = 0; i < 1000; i++) SAME(ipc_batch_add(b, &i, sizeof i, NULL), i + 1);
    SAME(ipc_signal_handle("ALRM", gives_up, NULL), 0);
    CHECK(ipc_signal_alarm(50, 0) >= 0);
    SAME(ipc_batch_send(b, one, -1), PERLIPC_E_HANDLER);
    SAME(ipc_signal_default("ALRM"), 0);
    /* What went out is not sent again, and what did not still waits. */
    do {
        while (ipc_dgram_recv(other, &number, sizeof number, 0, NULL) == sizeof number) SAME(number, next++);
        CHECK((sent = ipc_batch_send(b, one, 0)) >= 0);
    } while (sent > 0);
    SAME(next, 1000);
    ipc_dgram_free(one);
    ipc_dgram_free(other);
    ipc_batch_free(b);
}
