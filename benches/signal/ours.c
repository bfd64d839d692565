/* perlipc through its C ABI, as a user would write it. */
#include "pair.h"

#include <perlipc.h>

static long ran;
static pid_t me, peer;
static const char *KINDS[16] = {"HUP",  "INT",  "QUIT", "USR1", "USR2", "PIPE",   "ALRM", "TERM",
                                "CHLD", "CONT", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH"};
static int32_t numbers[16];

static void check(int64_t result) {
    if (result < 0) {
        fprintf(stderr, "%s\n", ipc_error_last_text());
        exit(1);
    }
}

static int32_t count(int32_t signo, const char *name, void *userdata) {
    (void)signo, (void)name, (void)userdata;
    ran++;
    return 0;
}

static void self(void) {
    kill(me, SIGUSR1);
    if (ipc_signal_dispatch(0) != 1) wrong("ran", ran);
}

static void take(void) {
    if (ipc_signal_next(-1) != SIGUSR1) wrong("next", 0);
}

static void burst(void) {
    for (int i = 0; i < 16; i++) kill(me, numbers[i]);
    if (ipc_signal_dispatch(0) != 16) wrong("ran", ran);
}

static void hear(void) {
    if (ipc_signal_dispatch(-1) != 1) wrong("ran", ran);
}

static void answer(pid_t to) {
    hear();
    kill(to, SIGUSR1);
}

static void answer_taken(pid_t to) {
    take();
    kill(to, SIGUSR1);
}

static void queue(void) {
    check(ipc_signal_queue("USR1"));
    check(ipc_signal_block("USR1"));
}

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    me = getpid();
    check(ipc_signal_handle("USR1", count, NULL));
    if (is(metric, "self")) {
        BATCHES(64, self());
    } else if (is(metric, "wait")) {
        queue();
        BATCHES(64, kill(me, SIGUSR1), take());
    } else if (is(metric, "burst")) {
        for (int i = 0; i < 16; i++) {
            check(ipc_signal_handle(KINDS[i], count, NULL));
            check(numbers[i] = ipc_signal_number(KINDS[i]));
        }
        BATCHES(4, burst());
    } else if (is(metric, "pp")) {
        peer = other(answer);
        BATCHES(64, kill(peer, SIGUSR1), hear());
        end(peer);
    } else if (is(metric, "pp_wait")) {
        queue();
        peer = other(answer_taken);
        BATCHES(64, kill(peer, SIGUSR1), take());
        end(peer);
    } else if (is(metric, "poll")) {
        const uint64_t *due = ipc_signal_due_word();
        BATCHES(4096, if (PERLIPC_SIGNAL_DUE(due)) ipc_signal_dispatch(0));
    } else if (is(metric, "poll_call")) {
        BATCHES(4096, if (ipc_signal_dispatch(0)) wrong("ran", ran));
    } else {
        return 77;
    }
    return 0;
}
