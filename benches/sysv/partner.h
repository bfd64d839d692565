/* What the contenders in C share: a partner for ping-pong, and messages to check. */
#ifndef PARTNER_H
#define PARTNER_H
#include "bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL = 60, LARGE = 16 << 20, BODY = 64 };

static pid_t partner_pid;

/* Runs `...` without an end in a child, which end_partner ends. */
#define PARTNER(...)                                                                                \
    do {                                                                                            \
        partner_pid = fork();                                                                       \
        if (partner_pid < 0) fail("fork");                                                          \
        if (partner_pid == 0) for (;;) { __VA_ARGS__; }                                             \
    } while (0)

static inline void end_partner(void) {
    kill(partner_pid, SIGKILL);
    waitpid(partner_pid, 0, 0);
}

/* The compiler may assume nothing about memory from one operation to the next. */
#define FORGET() __asm__ volatile("" ::: "memory")
#endif
