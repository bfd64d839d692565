/* The limit: kill(2), and a handler that sets a flag, or sigtimedwait(2). */
#include "pair.h"

static volatile sig_atomic_t came;
static volatile uint64_t nothing;
static long ran;
static pid_t me, peer;
static sigset_t usr1, none;
static const int KINDS[16] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE,   SIGALRM, SIGTERM,
                              SIGCHLD, SIGCONT, SIGURG,  SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH};

static void on_signal(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)info, (void)context;
    came++;
}

static void handle(int signo) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    if (sigaction(signo, &action, NULL) < 0) fail("sigaction");
}

static void block(void) {
    if (sigprocmask(SIG_BLOCK, &usr1, NULL) < 0) fail("sigprocmask");
}

static void self(void) {
    kill(me, SIGUSR1);
    if (came != 1) wrong("came", came);
    came = 0;
    ran++;
}

static void take(void) {
    siginfo_t info;
    if (sigtimedwait(&usr1, &info, NULL) != SIGUSR1) fail("sigtimedwait");
}

static void burst(void) {
    for (int i = 0; i < 16; i++) kill(me, KINDS[i]);
    if (came != 16) wrong("came", came);
    came = 0;
    ran += 16;
}

static void hear(void) {
    while (!came) sigsuspend(&none);
    came = 0;
}

static void answer(pid_t to) {
    hear();
    kill(to, SIGUSR1);
}

static void answer_taken(pid_t to) {
    take();
    kill(to, SIGUSR1);
}

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    me = getpid();
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    handle(SIGUSR1);
    if (is(metric, "self")) {
        BATCHES(64, self());
    } else if (is(metric, "wait_bare")) {
        block();
        BATCHES(64, kill(me, SIGUSR1), take());
    } else if (is(metric, "burst")) {
        for (int i = 0; i < 16; i++) handle(KINDS[i]);
        BATCHES(4, burst());
    } else if (is(metric, "pp")) {
        block();
        peer = other(answer);
        BATCHES(64, kill(peer, SIGUSR1), hear());
        end(peer);
    } else if (is(metric, "pp_wait_bare")) {
        block();
        peer = other(answer_taken);
        BATCHES(64, kill(peer, SIGUSR1), take());
        end(peer);
    } else if (is(metric, "poll")) {
        BATCHES(4096, if (nothing) wrong("came", came));
    } else if (is(metric, "poll_call_empty")) {
        BATCHES(4096, empty_call());
    } else {
        return 77;
    }
    return 0;
}
