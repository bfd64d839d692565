/* System V shared memory: by id, attached, and with Perl at the other end. */
#include "check.h"
#include <sys/shm.h>

TEST(by_id) {
    char text[60];
    int32_t id = ipc_shm_get(PERLIPC_PRIVATE, 2000, 0600);
    SAME(ipc_shm_write(id, "Message #1", 0, 10), 10);
    SAME(ipc_shm_read(id, text, 0, 60), 60);
    CHECK(memcmp(text, "Message #1", 11) == 0);
    SAME(ipc_shm_stat(id, "nattch"), 1);
    SAME(ipc_shm_forget(id), 1);
    SAME(ipc_shm_forget(id), 0);
    SAME(ipc_shm_stat(id, "nattch"), 0);
    FAILS(ipc_shm_read(id, text, 1990, 11), -EFAULT, "shmread");
    FAILS(ipc_shm_write(id, text, SIZE_MAX, 2), -EFAULT, "shmwrite");
    SAME(ipc_shm_stat(id, "segsz"), 2000);
    SAME(ipc_shm_stat(id, "cpid"), getpid());
    SAME(ipc_shm_change(id, "mode", 0640), 0);
    SAME(ipc_shm_stat(id, "mode"), 0640);
    FAILS(ipc_shm_change(id, "qbytes", 1), PERLIPC_E_INVALID, "shmctl"); /* a queue's */
    SAME(ipc_shm_remove(id), 0);
    SAME(ipc_shm_read(id, text, 0, 1), -EINVAL);
    SAME(ipc_shm_get(PERLIPC_PRIVATE, 0, 0600), -EINVAL);
    SAME(ipc_shm_get(0x7e000003, 1, 0600), -ENOENT);
}

TEST(attached) {
    void *memory = NULL, *other = NULL;
    size_t size = 0;
    char text[4];
    int32_t id = ipc_shm_get(PERLIPC_PRIVATE, 5000, 0600);
    SAME(ipc_shm_attach(id, 0, &memory, &size), 0);
    CHECK(memory && size == 5000);
    memcpy((char *)memory + 4996, "last", 4);
    SAME(ipc_shm_read(id, text, 4996, 4), 4);
    CHECK(memcmp(text, "last", 4) == 0);
    SAME(ipc_shm_remove(id), 0); /* what is attached stays */
    SAME(ipc_shm_stat(id, "removed"), 1);
    CHECK(memcmp((char *)memory + 4996, "last", 4) == 0);
    SAME(ipc_shm_attach_at(id, NULL, PERLIPC_RDONLY, &other), 0);
    CHECK(memcmp((char *)other + 4996, "last", 4) == 0);
    SAME(ipc_shm_detach(other), 0);
    SAME(ipc_shm_detach(memory), 0);
    FAILS(ipc_shm_detach(memory), -EINVAL, "shmdt");
    FAILS(ipc_shm_attach(id, 0, NULL, &size), PERLIPC_E_INVALID, "shmat"); /* nobody could detach it */
    FAILS(ipc_shm_attach_at(id, NULL, 0, NULL), PERLIPC_E_INVALID, "shmat");
    memory = &size;
    FAILS(ipc_shm_attach(id, 0, &memory, &size), -EINVAL, "shmat");
    CHECK(memory == NULL);
}

TEST(removed_by_another_process) {
    char byte;
    int32_t id = ipc_shm_get(PERLIPC_PRIVATE, 100, 0600), status, code;
    SAME(ipc_shm_write(id, "x", 0, 1), 1);
    ipc_child *child;
    if (ipc_fork(&child) == 0) _exit(shmctl(id, IPC_RMID, NULL) != 0);
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
    double begin = now_ms();
    while ((code = (int32_t)ipc_shm_read(id, &byte, 0, 1)) == 1) {}
    SAME(code, -EIDRM);
    CHECK(now_ms() - begin < 5000);
    SAME(ipc_shm_stat(id, "nattch"), -EINVAL); /* gone, since nothing is attached any more */
}

TEST(with_perl) {
    char number[16], text[20];
    int32_t id = ipc_shm_named("perlipc-c-test", 100, 0600);
    snprintf(number, sizeof number, "%d", id);
    SAME(ipc_shm_write(id, "from C", 0, 6), 6);
    TEXT(output_of(CMD("perl", "-e", "shmread($ARGV[0], $t, 0, 6) or die; print $t; shmwrite($ARGV[0], 'from Perl', 50, 20) or die",
                       number)), "from C");
    SAME(ipc_shm_read(id, text, 50, 20), 20);
    TEXT(text, "from Perl");
    SAME(ipc_shm_remove(id), 0);
}
