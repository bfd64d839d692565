/* The variable that processes share. */
#include "check.h"

typedef struct { int64_t count; char text[20]; } thing;

TEST(is_read_and_written) {
    ipc_value *value, *other;
    char name[64], text[8] = "";
    snprintf(name, sizeof name, "c-test-%d", (int)getpid());
    SAME(ipc_value_open(name, 100, 0600, &value), 0);
    SAME(ipc_value_open(name, 100, 0600, &other), 0);
    SAME(ipc_value_read(value, text, sizeof text), 0);
    SAME(ipc_value_write(value, "hello, world", 12), 12);
    SAME(ipc_value_read(other, text, 5), 12);
    TEXT(text, "hello");
    SAME(ipc_value_version(other), 1);
    FAILS(ipc_value_write(value, name, 101), -EMSGSIZE, "value");
    ipc_value_free(other);
    other = value;
    FAILS(ipc_value_open(name, 50, 0600, &other), PERLIPC_E_INVALID, "value");
    CHECK(other == NULL);
    SAME(ipc_value_remove(name), 0);
    SAME(ipc_value_read((ipc_value *)NULL, text, 1), PERLIPC_E_INVALID);
    ipc_value_free(value);
    ipc_value_free(NULL);
}

/* Four processes add to a number: none is lost. */
TEST(a_counter) {
    ipc_value *value;
    thing it = {0, "a struct"};
    ipc_child *children[4];
    int32_t status;
    SAME(ipc_value_open(NULL, sizeof it, 0600, &value), 0);
    SAME(ipc_value_write(value, &it, sizeof it), sizeof it);
    for (int n = 0; n < 4; n++)
        if (ipc_fork(&children[n]) == 0) {
            for (int i = 0; i < 1000; i++) {
                if (ipc_value_take(value, -1) != 0) _exit(1);
                if (ipc_value_read(value, &it, sizeof it) != sizeof it) _exit(2);
                it.count++;
                if (ipc_value_write(value, &it, sizeof it) != sizeof it) _exit(3);
                if (ipc_value_give(value) != 0) _exit(4);
            }
            _exit(0);
        }
    for (int n = 0; n < 4; n++) {
        SAME(ipc_child_wait(children[n], -1, &status), 0);
        SAME(status, 0);
        ipc_child_free(children[n]);
    }
    SAME(ipc_value_read(value, &it, sizeof it), sizeof it);
    SAME(it.count, 4000);
    TEXT(it.text, "a struct");
    ipc_value_free(value);
}

/* A writer that is killed at any instant leaves a whole value. */
TEST(outlives_killed_writers) {
    enum { SIZE = 100000 };
    static char data[SIZE];
    ipc_value *value;
    int32_t status;
    SAME(ipc_value_open(NULL, SIZE, 0600, &value), 0);
    for (int round = 0; round < 50; round++) {
        int64_t before = ipc_value_version(value);
        ipc_child *child;
        if (ipc_fork(&child) == 0)
            for (char byte = 'a';; byte = byte == 'z' ? 'a' : (char)(byte + 1)) {
                memset(data, byte, SIZE);
                if (ipc_value_write(value, data, SIZE) != SIZE) _exit(1);
            }
        while (ipc_value_version(value) < before + 2 + round % 5) sched_yield();
        SAME(ipc_child_kill(child, "KILL"), 1);
        SAME(ipc_child_wait(child, -1, &status), 0);
        ipc_child_free(child);
        SAME(ipc_value_read(value, data, SIZE), SIZE);
        int same = 1;
        for (int i = 1; i < SIZE; i++) same &= data[i] == data[0];
        CHECK(same);
        SAME(ipc_value_write(value, data, SIZE), SIZE);
    }
    ipc_value_free(value);
}
