/* Names and addresses. */
#include "check.h"

TEST(hosts) {
    char text[256];
    SAME(ipc_addr_resolve("127.0.0.1", "80", 0, text, sizeof text), strlen("127.0.0.1:80"));
    TEXT(text, "127.0.0.1:80");
    SAME(ipc_addr_resolve("127.1", "time", 0, text, sizeof text), strlen("127.0.0.1:37"));
    TEXT(text, "127.0.0.1:37");
    CHECK(ipc_addr_resolve_all(NULL, NULL, 0, text, sizeof text) > 0);
    TEXT(text, "[::1]:0\n127.0.0.1:0");
    /* A service that UDP alone has. */
    SAME(ipc_addr_resolve("127.0.0.1", "tftp", 0, text, sizeof text), strlen("127.0.0.1:69"));
    SAME(ipc_addr_resolve("127.0.0.1", "80", 0, text, 12), -ERANGE);
    SAME(ipc_addr_resolve("127.0.0.1", "80", 0, text, 13), 12);
    SAME(ipc_addr_resolve("127.0.0.1", "nosuchsvc", 0, text, sizeof text), PERLIPC_E_LOOKUP);
    SAME(errno, ENOENT);
    TEXT(ipc_error_last_text(), "service nosuchsvc: not in the system's list");
    TEXT(ipc_error_name(PERLIPC_E_LOOKUP), "PERLIPC_E_LOOKUP");
    SAME(ipc_addr_resolve("", "80", 0, text, sizeof text), PERLIPC_E_INVALID);
    SAME(ipc_addr_name("nothing", 0, text, sizeof text), PERLIPC_E_INVALID);
}

TEST(services_and_protocols) {
    char text[64];
    SAME(ipc_addr_service("time", "tcp"), 37);
    SAME(ipc_addr_service("domain", NULL), 53);
    SAME(ipc_addr_service("HTTP", "tcp"), PERLIPC_E_LOOKUP);
    SAME(ipc_addr_service_name(80, "tcp", text, sizeof text), 4);
    TEXT(text, "http");
    SAME(ipc_addr_service_name(65536, "tcp", text, sizeof text), PERLIPC_E_INVALID);
    SAME(ipc_addr_protocol("tcp"), 6);
    SAME(ipc_addr_protocol_name(17, text, sizeof text), 3);
    TEXT(text, "udp");
}

TEST(packed) {
    static const char *addrs[] = {"127.0.0.1:37", "[::1]:80", "/tmp/catsock", "@name"};
    static const int32_t sizes[] = {16, 28, 110, 7};
    for (int i = 0; i < 4; i++) {
        unsigned char data[128];
        char text[128];
        int32_t len = ipc_addr_pack(addrs[i], data, sizeof data);
        SAME(len, sizes[i]);
        SAME(ipc_addr_unpack(data, (size_t)len, text, sizeof text), strlen(addrs[i]));
        TEXT(text, addrs[i]);
        SAME(ipc_addr_pack(addrs[i], data, (size_t)len - 1), -ERANGE);
    }
    SAME(ipc_addr_unpack("\2", 2, (char[8]){0}, 8), PERLIPC_E_INVALID);
    TEXT(ipc_error_last_text(), "address: bad arg length for unpack_sockaddr_in, length is 2, should be 16");
    SAME(ipc_addr_pack("nowhere", (char[8]){0}, 8), PERLIPC_E_INVALID);
}

/* A name is looked up on a thread, which is gone when its answer is there: who forks finds one thread. */
TEST(forks_after_a_name) {
    for (int i = 0; i < 100; i++) {
        char text[256];
        ipc_stream *child;
        int32_t status;
        int32_t len = ipc_addr_resolve("localhost", "80", 60000, text, sizeof text);
        CHECK(len > 0 || len == PERLIPC_E_LOOKUP);
        int32_t pid = ipc_popen_fork("-|", 0, &child);
        if (pid == 0) _exit(5);
        CHECK(pid > 0);
        if (pid < 0) break;
        SAME(ipc_stream_close(child, &status), 0);
        SAME(ipc_status_code(status), 5);
        ipc_stream_free(child);
    }
}
