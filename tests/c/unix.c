/* Unix sockets: names, peers, descriptors. */
#include "check.h"
#include <sys/syscall.h>

TEST(a_conversation) {
    char path[64], text[64];
    ipc_listener *l, *again;
    ipc_stream *client, *server;
    const char *line;
    int32_t pid;
    uint32_t uid, gid;
    snprintf(path, sizeof path, "/tmp/perlipc-c-%d", getpid());
    SAME(ipc_unix_is(path), 0);
    SAME(ipc_unix_listen(path, NULL, &l), 0);
    SAME(ipc_unix_is(path), 1);
    SAME(ipc_unix_listen(path, NULL, &again), -EADDRINUSE);
    SAME(ipc_listener_port(l), -EAFNOSUPPORT);
    SAME(ipc_unix_connect(path, NULL, 5000, &client), 0);
    SAME(ipc_listener_accept(l, 5000, &server), 0);
    SAME(ipc_stream_peer(server, text, sizeof text), 0);
    SAME(ipc_stream_write(server, "Hello there\n", 12), 12);
    SAME(ipc_stream_readline(client, &line), 12);
    SAME(ipc_unix_peer(client, &pid, &uid, &gid), 0);
    SAME(pid, getpid());
    SAME(uid, geteuid());
    SAME(ipc_unix_peer(client, NULL, NULL, NULL), 0);
    int32_t pidfd = ipc_unix_peer_pidfd(client);
    if (pidfd != -ENOPROTOOPT) {
        CHECK(pidfd > 2);
        SAME(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0), 0);
        close(pidfd);
    }
    ipc_stream_free(client);
    ipc_stream_free(server);
    ipc_listener_free(l);
    SAME(ipc_unix_is(path), 0);
    SAME(ipc_unix_connect(path, NULL, 5000, &client), -ENOENT);
    SAME(ipc_unix_listen(path, "mode=99", &l), PERLIPC_E_INVALID);
}

TEST(descriptors) {
    ipc_stream *one, *other;
    char byte = 0;
    int fds[2];
    SAME(ipc_unix_pair(&one, &other), 0);
    SAME(ipc_unix_recv_fd(other, 0), -ETIMEDOUT);
    SAME(pipe2(fds, O_CLOEXEC), 0);
    SAME(ipc_unix_send_fd(one, fds[1]), 0);
    close(fds[1]);
    int32_t fd = ipc_unix_recv_fd(other, 5000);
    CHECK(fd > 2);
    SAME(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    SAME(write(fd, "x", 1), 1);
    close(fd);
    SAME(read(fds[0], &byte, 1), 1);
    SAME(read(fds[0], &byte, 1), 0);
    close(fds[0]);
    SAME(ipc_stream_write(one, "z", 1), 1);
    SAME(ipc_unix_recv_fd(other, 5000), -ENOMSG);
    SAME(ipc_unix_send_fd(one, 9999), -EBADF);
    ipc_stream_free(one);
    SAME(ipc_unix_recv_fd(other, 5000), -EPIPE);
    ipc_stream_free(other);
}

TEST(descriptors_travel_over_unix_sockets_alone) {
    char port[16];
    ipc_listener *l;
    ipc_stream *client, *reader, *writer;
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    snprintf(port, sizeof port, "%d", (int)ipc_listener_port(l));
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 5000, &client), 0);
    SAME(ipc_unix_send_fd(client, 0), -EOPNOTSUPP);
    ipc_stream_free(client);
    ipc_listener_free(l);
    SAME(ipc_pipe_new(&reader, &writer), 0);
    SAME(ipc_unix_send_fd(writer, 0), -ENOTSOCK);
    ipc_stream_free(reader);
    ipc_stream_free(writer);
}

TEST(both_halves_are_shut) {
    char data[4], port[16];
    ipc_listener *l;
    ipc_stream *one, *other;
    SAME(ipc_unix_pair(&one, &other), 0);
    ipc_stream_autoflush(one, 0);
    SAME(ipc_stream_write(one, "x", 1), 1);
    SAME(ipc_stream_shutdown_both(one), 0);
    SAME(ipc_stream_read(one, data, sizeof data), 0);
    SAME(ipc_stream_read(other, data, sizeof data), 1);
    SAME(ipc_stream_read(other, data, sizeof data), 0);
    SAME(ipc_stream_write(other, "x", 1), -EPIPE);
    ipc_stream_free(one);
    ipc_stream_free(other);
    /* With the other side's own end the connection is over, and a second call would find none. */
    SAME(ipc_tcp_listen("127.0.0.1", NULL, NULL, &l), 0);
    snprintf(port, sizeof port, "%d", (int)ipc_listener_port(l));
    SAME(ipc_tcp_connect("127.0.0.1", port, NULL, 5000, &one), 0);
    SAME(ipc_listener_accept(l, 5000, &other), 0);
    SAME(ipc_stream_shutdown(other), 0);
    SAME(ipc_stream_read(one, data, sizeof data), 0);
    SAME(ipc_stream_shutdown_both(one), 0);
    ipc_stream_free(one);
    ipc_stream_free(other);
    ipc_listener_free(l);
    /* A pipe has but one. */
    SAME(ipc_pipe_new(&one, &other), 0);
    SAME(ipc_stream_shutdown_both(one), -EBADF);
    SAME(ipc_stream_shutdown_both(other), 0);
    SAME(ipc_stream_read(one, data, sizeof data), 0);
    ipc_stream_free(one);
    ipc_stream_free(other);
}

TEST(the_reading_half_is_shut) {
    char data[4];
    ipc_stream *one, *other;
    SAME(ipc_unix_pair(&one, &other), 0);
    SAME(ipc_stream_shutdown_read(one), 0);
    SAME(ipc_stream_read(one, data, sizeof data), 0);
    SAME(ipc_stream_write(other, "x", 1), -EPIPE);
    SAME(ipc_stream_write(one, "x", 1), 1);
    SAME(ipc_stream_read(other, data, sizeof data), 1);
    ipc_stream_free(one);
    ipc_stream_free(other);
}
