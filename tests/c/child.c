/* Processes: fork, wait in all its forms, kill of one and of a tree, adopted ones, statuses that survive strangers. */
#include "check.h"
#include <poll.h>
#include <sys/syscall.h>

static ipc_child *start(ipc_cmd *cmd) {
    ipc_child *child = NULL;
    CHECK(ipc_cmd_start(cmd, &child) > 0);
    ipc_cmd_free(cmd);
    return child;
}

static int32_t wait_for(ipc_child *child) {
    int32_t status = 12345;
    SAME(ipc_child_wait(child, 60000, &status), 0);
    return status;
}

TEST(fork_and_wait) {
    ipc_child *child;
    int32_t pid = ipc_fork(&child);
    if (pid == 0) _exit(child == NULL ? 23 : 1);
    CHECK(pid > 0);
    SAME(ipc_child_pid(child), pid);
    SAME(ipc_status_code(wait_for(child)), 23);
    SAME(ipc_status_code(wait_for(child)), 23); /* asked again it answers again */
    ipc_child_free(child);
    ipc_child_free(NULL);
}

TEST(fork_prints_nothing_twice) {
    int ends[2];
    char text[64] = "";
    SAME(pipe2(ends, O_CLOEXEC), 0);
    FILE *file = fdopen(ends[1], "w");
    fputs("once ", file);
    ipc_child *child;
    int32_t pid = ipc_fork(&child);
    if (pid == 0) {
        fputs("child ", file);
        exit(fclose(file));
    }
    SAME(wait_for(child), 0);
    fputs("parent", file);
    fclose(file);
    CHECK(read(ends[0], text, sizeof text - 1) > 0);
    TEXT(text, "once child parent");
    close(ends[0]);
    ipc_child_free(child);
}

TEST(a_forked_child_has_no_children) {
    ipc_child *sleeper = start(CMD("sleep", "60")), *child;
    int32_t pid = ipc_fork(&child);
    if (pid == 0) {
        int32_t status = 0;
        if (ipc_child_wait(sleeper, -1, &status) != -ECHILD || status != -1) _exit(1);
        if (ipc_wait_any(-1, &status) != -ECHILD) _exit(2);
        ipc_child_free(sleeper); /* touches nothing */
        _exit(0);
    }
    SAME(wait_for(child), 0);
    SAME(ipc_child_kill(sleeper, "0"), 1);
    SAME(ipc_child_kill(sleeper, "KILL"), 1);
    SAME(ipc_status_signal(wait_for(sleeper)), SIGKILL);
    ipc_child_free(sleeper);
    ipc_child_free(child);
}

TEST(waiting_with_a_timeout) {
    int32_t status = 0;
    ipc_child *child = start(CMD("sleep", "60"));
    double begin = now_ms();
    FAILS(ipc_child_wait(child, 0, &status), -ETIMEDOUT, "wait");
    SAME(status, -1);
    FAILS(ipc_child_wait(child, 30, &status), -ETIMEDOUT, "wait");
    CHECK(now_ms() - begin >= 29);
    SAME(ipc_child_kill(child, "TERM"), 1);
    SAME(ipc_status_signal(wait_for(child)), SIGTERM);
    FAILS(ipc_child_kill(child, "TERM"), -ESRCH, "kill");
    FAILS(ipc_child_kill(child, "0"), -ESRCH, "kill");
    FAILS(ipc_child_kill_tree(child, "TERM", NULL), -ESRCH, "kill");
    SAME(ipc_child_wait(child, -1, NULL), 0);
    ipc_child_free(child);
}

TEST(the_pidfd_is_readable_at_the_end) {
    ipc_child *child = start(CMD("sleep", "60"));
    int32_t fd = ipc_child_fd(child);
    if (!ipc_version_has("pidfd")) {
        SAME(fd, -ENOTSUP);
        ipc_child_kill(child, "KILL");
        wait_for(child);
        ipc_child_free(child);
        SKIP("the kernel has no pidfds");
    }
    CHECK(fd > 2 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    SAME(ipc_child_kill(child, "KILL"), 1);
    SAME(ipc_status_signal(wait_for(child)), SIGKILL);
    ipc_child_free(child);
}

static int readable(int fd, int timeout_ms) {
    struct pollfd one = {fd, POLLIN, 0};
    return poll(&one, 1, timeout_ms);
}

TEST(a_pipe_ends_with_the_child) {
    if (!ipc_version_has("pidfd")) SKIP("the kernel has no pidfds");
    enum { MANY = 20 };
    ipc_child *children[MANY];
    int32_t fds[MANY];
    struct stat what;
    char byte;
    for (int i = 0; i < MANY; i++) {
        /* What it has started lives on, and keeps nothing. */
        children[i] = start(i == 0 ? CMD("sh", "-c", "sleep 5 & exec sleep 60") : CMD("sleep", "60"));
        fds[i] = ipc_child_exit_fd(children[i]);
        CHECK(fds[i] > 2 && (fcntl(fds[i], F_GETFD) & FD_CLOEXEC));
        CHECK(fstat(fds[i], &what) == 0 && S_ISFIFO(what.st_mode));
    }
    /* Who loses interest closes it. */
    close(fds[MANY - 1]);
    for (int i = 0; i < MANY; i++) {
        if (i < MANY - 1) SAME(readable(fds[i], 0), 0);
        SAME(ipc_child_kill(children[i], "KILL"), 1);
        if (i < MANY - 1) {
            SAME(readable(fds[i], 3000), 1);
            SAME(read(fds[i], &byte, 1), 0);
            close(fds[i]);
        }
        SAME(ipc_status_signal(wait_for(children[i])), SIGKILL);
        if (i < MANY - 1) ipc_child_free(children[i]);
    }
    /* One that has ended already, and whose handle is gone before anybody looks. */
    fds[0] = ipc_child_exit_fd(children[MANY - 1]);
    ipc_child_free(children[MANY - 1]);
    SAME(readable(fds[0], 10000), 1);
    SAME(read(fds[0], &byte, 1), 0);
    close(fds[0]);
    FAILS(ipc_child_exit_fd(NULL), PERLIPC_E_INVALID, "child");
}

TEST(wait_any_tells_each_child_once) {
    int32_t status, pids[3];
    ipc_child *children[3];
    FAILS(ipc_wait_any(0, &status), -ECHILD, "wait");
    for (int i = 0; i < 3; i++) {
        char script[16];
        snprintf(script, sizeof script, "exit %d", 10 + i);
        children[i] = start(CMD("sh", "-c", script));
        pids[i] = ipc_child_pid(children[i]);
    }
    for (int i = 0; i < 3; i++) {
        int32_t pid = ipc_wait_any(20000, &status);
        int which = 0;
        while (which < 3 && pids[which] != pid) which++;
        CHECK(which < 3);
        SAME(ipc_status_code(status), 10 + which);
        if (which < 3) pids[which] = 0;
    }
    FAILS(ipc_wait_any(-1, &status), -ECHILD, "wait");
    /* The handles still answer. */
    for (int i = 0; i < 3; i++) {
        SAME(ipc_status_code(wait_for(children[i])), 10 + i);
        ipc_child_free(children[i]);
    }
    ipc_child *sleeper = start(CMD("sleep", "60"));
    FAILS(ipc_wait_any(20, &status), -ETIMEDOUT, "wait");
    SAME(status, -1);
    SAME(ipc_child_end(sleeper, 0, &status), 0);
    ipc_child_free(sleeper);
}

TEST(wait_pid_is_perls_waitpid) {
    int32_t status;
    FAILS(ipc_wait_pid(-1, -1, &status), -ECHILD, "wait");
    ipc_child *child = start(CMD("sh", "-c", "exit 5"));
    int32_t pid = ipc_child_pid(child);
    SAME(ipc_wait_pid(pid, 20000, &status), pid);
    SAME(ipc_status_code(status), 5);
    FAILS(ipc_wait_pid(pid, 0, &status), -ECHILD, "wait"); /* told already */
    SAME(ipc_status_code(wait_for(child)), 5); /* and the handle was not robbed */
    ipc_child_free(child);
    /* Children that others started are found too. */
    pid = fork();
    if (pid == 0) _exit(6);
    SAME(ipc_wait_pid(-1, 20000, &status), pid);
    SAME(ipc_status_code(status), 6);
    pid = fork();
    if (pid == 0) _exit(7);
    SAME(ipc_wait_pid(0, -1, &status), pid);
    SAME(ipc_status_code(status), 7);
    /* A group. */
    ipc_cmd *cmd = CMD("sh", "-c", "exit 8");
    SAME(ipc_cmd_option(cmd, "group", "0"), 0);
    child = start(cmd);
    SAME(ipc_wait_pid(-ipc_child_pid(child), 20000, &status), ipc_child_pid(child));
    SAME(ipc_status_code(status), 8);
    ipc_child_free(child);
    child = start(CMD("sleep", "60"));
    FAILS(ipc_wait_pid(ipc_child_pid(child), 0, &status), -ETIMEDOUT, "wait");
    FAILS(ipc_wait_pid(-1, 0, &status), -ETIMEDOUT, "wait");
    SAME(ipc_child_end(child, 0, NULL), 0);
    ipc_child_free(child);
    FAILS(ipc_wait_pid(0x3fffffff, 0, &status), -ECHILD, "wait");
}

TEST(a_status_survives_a_strangers_waitpid) {
    int native;
    ipc_child *child = start(CMD("sh", "-c", "exit 9"));
    while (waitpid(-1, &native, 0) < 0 && errno == EINTR) {}
    int32_t status = wait_for(child);
    if (ipc_version_has("pidfd-exit")) SAME(ipc_status_code(status), 9);
    else SAME(status, -1);
    ipc_child_free(child);
}

TEST(a_status_survives_an_ignored_chld) {
    ipc_child *child;
    int32_t pid = ipc_fork(&child);
    if (pid == 0) {
        signal(SIGCHLD, SIG_IGN);
        int32_t status = 0;
        ipc_cmd *cmd = CMD("sh", "-c", "exit 11");
        if (ipc_cmd_run(cmd, -1, &status) != 0) _exit(1);
        _exit(ipc_version_has("pidfd-exit") ? ipc_status_code(status) != 11 : status != -1);
    }
    SAME(wait_for(child), 0);
    ipc_child_free(child);
}

TEST(kill_tree_reaches_all_descendants) {
    ipc_stream *stream;
    const char *line;
    int32_t status, how = 0;
    /* Three processes below the shell: one of them in a session of its own. */
    ipc_cmd *cmd = CMD("sh", "-c", "sleep 61 & setsid sleep 62 & sh -c 'sleep 63 & echo ready; wait' & wait");
    SAME(ipc_cmd_option(cmd, "session", "1"), 0);
    CHECK(ipc_popen_start(cmd, "-|", &stream) > 0);
    ipc_cmd_free(cmd);
    SAME(ipc_stream_readline(stream, &line), 6);
    int32_t reached = ipc_child_kill_tree(ipc_stream_child(stream), "KILL", &how);
    CHECK(reached >= 5);
    SAME(how, PERLIPC_KILL_SWEEP);
    /* The end of the pipe, which all of them held. */
    SAME(ipc_stream_timeout(stream, 20000), 0);
    SAME(ipc_stream_readline(stream, &line), 0);
    SAME(ipc_stream_close(stream, &status), 0);
    SAME(ipc_status_signal(status), SIGKILL);
    ipc_stream_free(stream);
    ipc_child *child = start(CMD("sleep", "60"));
    FAILS(ipc_child_kill_tree(child, "NOSUCH", &how), PERLIPC_E_INVALID, "signal");
    SAME(how, 0);
    SAME(ipc_child_kill_tree(child, "TERM", NULL), 1);
    SAME(ipc_status_signal(wait_for(child)), SIGTERM);
    ipc_child_free(child);
}

TEST(end_asks_first_and_kills_then) {
    int32_t status;
    ipc_stream *stream;
    const char *line;
    ipc_child *child = start(CMD("sleep", "60"));
    SAME(ipc_child_end(child, 20000, &status), 0);
    SAME(ipc_status_signal(status), SIGTERM);
    SAME(ipc_child_end(child, 20000, &status), 0); /* it has ended: its status again */
    SAME(ipc_status_signal(status), SIGTERM);
    ipc_child_free(child);
    ipc_cmd *cmd = CMD("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 60; done");
    CHECK(ipc_popen_start(cmd, "-|", &stream) > 0);
    ipc_cmd_free(cmd);
    SAME(ipc_stream_readline(stream, &line), 5);
    SAME(ipc_child_end(ipc_stream_child(stream), 50, &status), 0);
    SAME(ipc_status_signal(status), SIGKILL);
    ipc_stream_free(stream);
}

TEST(adopted_children) {
    int32_t status;
    ipc_child *child = (ipc_child *)1;
    pid_t pid = fork();
    if (pid == 0) _exit(31);
    SAME(ipc_child_adopt(pid, &child), 0);
    SAME(ipc_child_pid(child), pid);
    SAME(ipc_status_code(wait_for(child)), 31);
    ipc_child_free(child);
    child = (ipc_child *)1;
    FAILS(ipc_child_adopt(1, &child), -ECHILD, "adopt");
    CHECK(child == NULL);
    FAILS(ipc_child_adopt(0, &child), PERLIPC_E_INVALID, "adopt");
    FAILS(ipc_child_adopt(-5, &child), PERLIPC_E_INVALID, "adopt");
    FAILS(ipc_child_adopt(pid, NULL), PERLIPC_E_INVALID, "adopt");
    ipc_child *known = start(CMD("sleep", "60"));
    FAILS(ipc_child_adopt(ipc_child_pid(known), &child), PERLIPC_E_INVALID, "adopt");
    SAME(ipc_child_end(known, 0, &status), 0);
    ipc_child_free(known);
}

TEST(freeing_leaves_no_zombie_and_does_not_wait) {
    ipc_cmd *cmd = CMD("sleep", "60");
    SAME(ipc_cmd_option(cmd, "end_on_free", "1"), 0);
    ipc_child *killed = start(cmd), *quick = start(CMD("true"));
    int32_t pids[2] = {ipc_child_pid(killed), ipc_child_pid(quick)}, status;
    double begin = now_ms();
    ipc_child_free(killed);
    ipc_child_free(quick);
    CHECK(now_ms() - begin < 5000);
    /* Later calls sweep them up: they are gone, not zombies. */
    for (int i = 0; i < 2; i++) {
        for (double end = now_ms() + 20000; now_ms() < end && kill(pids[i], 0) == 0;) {
            cmd = CMD("true");
            SAME(ipc_cmd_run(cmd, -1, &status), 0);
            ipc_cmd_free(cmd);
        }
        CHECK(kill(pids[i], 0) == -1 && errno == ESRCH);
    }
}

/* ---- from other threads ---- */

struct waiting { ipc_child *child; pid_t tid; int32_t result, status; };

static void *wait_in_thread(void *arg) {
    struct waiting *w = arg;
    __atomic_store_n(&w->tid, gettid(), __ATOMIC_SEQ_CST);
    w->result = ipc_child_wait(w->child, 30000, &w->status);
    return NULL;
}

TEST(two_threads_wait_and_a_third_kills) {
    struct waiting waits[2] = {{.child = start(CMD("sleep", "60"))}, {0}};
    pthread_t threads[2];
    waits[1].child = waits[0].child;
    for (int i = 0; i < 2; i++) SAME(pthread_create(&threads[i], NULL, wait_in_thread, &waits[i]), 0);
    for (int i = 0; i < 2; i++) {
        while (!__atomic_load_n(&waits[i].tid, __ATOMIC_SEQ_CST)) sched_yield();
        until_asleep(waits[i].tid);
    }
    SAME(ipc_child_kill(waits[0].child, "KILL"), 1);
    for (int i = 0; i < 2; i++) {
        SAME(pthread_join(threads[i], NULL), 0);
        SAME(waits[i].result, 0);
        SAME(ipc_status_signal(waits[i].status), SIGKILL);
    }
    ipc_child_free(waits[0].child);
}

static void *start_many(void *arg) {
    for (int i = 0; i < 25; i++) {
        char script[16];
        int code = (i * 7 + *(int *)arg) % 200;
        snprintf(script, sizeof script, "exit %d", code);
        ipc_child *child = start(CMD("sh", "-c", script));
        SAME(ipc_status_code(wait_for(child)), code);
        ipc_child_free(child);
    }
    return NULL;
}

TEST(threads_that_start_at_once_get_their_own_statuses) {
    pthread_t threads[8];
    int seeds[8];
    for (int i = 0; i < 8; i++) {
        seeds[i] = i * 31;
        SAME(pthread_create(&threads[i], NULL, start_many, &seeds[i]), 0);
    }
    for (int i = 0; i < 8; i++) SAME(pthread_join(threads[i], NULL), 0);
}

TEST(wrong_handles) {
    int32_t status = 0;
    ipc_cmd *cmd = CMD("true");
    ipc_child *wrong = (ipc_child *)(void *)cmd;
    FAILS(ipc_child_pid(NULL), PERLIPC_E_INVALID, "child");
    FAILS(ipc_child_pid(wrong), PERLIPC_E_INVALID, "child");
    FAILS(ipc_child_fd(NULL), PERLIPC_E_INVALID, "child");
    FAILS(ipc_child_wait(wrong, -1, &status), PERLIPC_E_INVALID, "child");
    SAME(status, -1);
    FAILS(ipc_child_kill(NULL, "TERM"), PERLIPC_E_INVALID, "child");
    FAILS(ipc_child_kill_tree(NULL, "TERM", NULL), PERLIPC_E_INVALID, "child");
    FAILS(ipc_child_end(NULL, 0, &status), PERLIPC_E_INVALID, "child");
    FAILS(ipc_fork(NULL), PERLIPC_E_INVALID, "fork");
    ipc_child *child = start(CMD("true"));
    FAILS(ipc_child_kill(child, NULL), PERLIPC_E_INVALID, "signal");
    FAILS(ipc_child_kill(child, "NOSUCH"), PERLIPC_E_INVALID, "signal");
    wait_for(child);
    ipc_child_free(child);
    ipc_child_free(wrong);
    ipc_cmd_free(cmd);
}
