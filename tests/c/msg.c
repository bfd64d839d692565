/* System V message queues: types, truncation told, deadlines, and Perl at the other end. */
#include "check.h"

static int64_t recv_now(int32_t id, int64_t type, char *text, size_t cap, uint32_t flags, int64_t *got) {
    memset(text, 0, cap);
    return ipc_msg_recv(id, type, text, cap - 1, flags | PERLIPC_NOWAIT, -1, got);
}

TEST(types) {
    char text[64];
    int64_t type = 0;
    int32_t id = ipc_msg_get(PERLIPC_PRIVATE, 0600);
    SAME(ipc_msg_send(id, 5, "five", 4, 0, -1), 0);
    SAME(ipc_msg_send(id, 3, "three", 5, 0, -1), 0);
    SAME(ipc_msg_send(id, 9, "nine", 4, 0, 100), 0);
    SAME(ipc_msg_stat(id, "qnum"), 3);
    SAME(ipc_msg_stat(id, "cbytes"), 13);
    SAME(ipc_msg_stat(id, "lspid"), getpid());
    SAME(recv_now(id, 9, text, sizeof text, 0, &type), 4);
    TEXT(text, "nine");
    SAME(recv_now(id, 5, text, sizeof text, PERLIPC_EXCEPT, &type), 5);
    SAME(type, 3);
    SAME(recv_now(id, -5, text, sizeof text, 0, NULL), 4);
    TEXT(text, "five");
    SAME(recv_now(id, 0, text, sizeof text, 0, &type), -ENOMSG);
    FAILS(ipc_msg_send(id, 0, "x", 1, 0, -1), -EINVAL, "msgsnd");
    SAME(ipc_msg_change(id, "qbytes", 1000), 0);
    SAME(ipc_msg_stat(id, "qbytes"), 1000);
    SAME(ipc_msg_remove(id), 0);
    SAME(ipc_msg_remove(id), -EINVAL);
}

TEST(truncation_is_told) {
    char text[5] = "";
    int32_t id = ipc_msg_get(PERLIPC_PRIVATE, 0600);
    SAME(ipc_msg_send(id, 1, "0123456789", 10, 0, -1), 0);
    FAILS(ipc_msg_recv(id, 0, text, 4, 0, -1, NULL), -E2BIG, "msgrcv");
    SAME(ipc_msg_recv(id, 0, text, 4, PERLIPC_NOERROR, -1, NULL), 10);
    TEXT(text, "0123");
    SAME(ipc_msg_remove(id), 0);
}

TEST(deadlines) {
    char text[1024] = "";
    int32_t id = ipc_msg_get(PERLIPC_PRIVATE, 0600);
    FAILS(ipc_msg_recv(id, 0, text, sizeof text, 0, 0, NULL), -ETIMEDOUT, "msgrcv");
    double begin = now_ms();
    SAME(ipc_msg_recv(id, 0, text, sizeof text, 0, 50, NULL), -ETIMEDOUT);
    while (ipc_msg_send(id, 1, text, sizeof text, PERLIPC_NOWAIT, -1) == 0) {}
    SAME(ipc_msg_send(id, 1, text, sizeof text, PERLIPC_NOWAIT, -1), -EAGAIN);
    FAILS(ipc_msg_send(id, 1, text, sizeof text, 0, 50), -ETIMEDOUT, "msgsnd");
    CHECK(now_ms() - begin >= 100 && now_ms() - begin < 10000);
    SAME(ipc_msg_remove(id), 0);
}

TEST(removal_ends_a_wait) {
    int32_t id = ipc_msg_get(PERLIPC_PRIVATE, 0600), status;
    char byte;
    ipc_child *child;
    pid_t parent = getpid();
    if (ipc_fork(&child) == 0) {
        char path[64], state = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", (int)parent);
        while (state != 'S') {
            FILE *file = fopen(path, "re");
            if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) _exit(1);
            fclose(file);
        }
        _exit(ipc_msg_remove(id) != 0);
    }
    SAME(ipc_msg_recv(id, 0, &byte, 1, 0, -1, NULL), -EIDRM);
    CHECK(strstr(ipc_error_last_text(), "ipcrm"));
    SAME(ipc_child_wait(child, -1, &status), 0);
    SAME(status, 0);
    ipc_child_free(child);
}

TEST(with_perl) {
    char number[16], text[64] = "";
    int64_t type = 0;
    int32_t id = ipc_msg_named("perlipc-c-test", 0600);
    snprintf(number, sizeof number, "%d", id);
    SAME(ipc_msg_send(id, 1, "shout", 5, 0, -1), 0);
    TEXT(output_of(CMD("perl", "-e", "msgrcv($ARGV[0], $b, 99, 1, 0) or die; ($t, $m) = unpack 'l! a*', $b;"
                       "msgsnd($ARGV[0], pack('l! a*', 7, uc $m), 0) or die; print $t", number)), "1");
    SAME(ipc_msg_recv(id, 7, text, sizeof text, 0, 1000, &type), 5);
    TEXT(text, "SHOUT");
    SAME(type, 7);
    SAME(ipc_msg_remove(id), 0);
}
