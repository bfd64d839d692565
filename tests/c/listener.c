/* Listeners: time limits, cancelling, taking over. */
#include "check.h"

static void *cancels(void *l) {
    SAME(ipc_listener_cancel(l), 0);
    return NULL;
}

TEST(waiting) {
    ipc_listener *l;
    ipc_stream *s;
    int32_t value = 0;
    pthread_t thread;
    SAME(ipc_tcp_listen(NULL, NULL, "v4only", &l), 0);
    SAME(ipc_listener_accept(l, 0, &s), -ETIMEDOUT);
    SAME(ipc_listener_accept(l, 20, &s), -ETIMEDOUT);
    CHECK(!s);
    SAME(ipc_listener_option(l, "keepalive", 1), 0);
    SAME(ipc_listener_option_value(l, "keepalive", &value), 0);
    SAME(value, 1);
    SAME(ipc_listener_option_value(l, "listening", &value), 0);
    SAME(value, 1);
    SAME(pthread_create(&thread, NULL, cancels, l), 0);
    SAME(ipc_listener_accept(l, 20000, &s), PERLIPC_E_CANCELED);
    pthread_join(thread, NULL);
    ipc_listener_free(l);
    ipc_listener_free(NULL);
}

TEST(taken_over) {
    ipc_listener *l, *other;
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    int fd = fcntl(ipc_listener_fd(l), F_DUPFD_CLOEXEC, 3);
    SAME(ipc_listener_adopt(fd, &other), 0);
    SAME(ipc_listener_port(other), ipc_listener_port(l));
    ipc_listener_free(other);
    ipc_listener_free(l);
    SAME(ipc_listener_adopt(fd, &other), -EBADF);
    SAME(ipc_listener_inherited(&other), 0);
    CHECK(!other);
}
