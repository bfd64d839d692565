/* Two processes that send each other signals: what the C contenders share. */
#ifndef PAIR_H
#define PAIR_H
#include "bench.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts the other one: it answers until it is killed, or this one ends. */
static inline pid_t other(void (*answer)(pid_t)) {
    pid_t me = getpid(), pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) return pid;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != me) _exit(1);
    for (;;) answer(me);
}

static inline void end(pid_t pid) {
    if (kill(pid, SIGKILL) < 0 || waitpid(pid, NULL, 0) != pid) fail("the other one");
}
#endif
