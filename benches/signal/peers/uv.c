/* libuv: a handle for each signal, a pipe between its handler and the loop. */
#include "pair.h"

#include <uv.h>

static uv_loop_t *loop;
static uv_signal_t handles[16];
static long came;
static pid_t me, peer;
static const int KINDS[16] = {SIGUSR1, SIGHUP,  SIGINT, SIGQUIT, SIGUSR2,   SIGPIPE, SIGALRM, SIGTERM,
                              SIGCHLD, SIGCONT, SIGURG, SIGXCPU, SIGVTALRM, SIGPROF, SIGXFSZ, SIGWINCH};

static void on_signal(uv_signal_t *handle, int signo) {
    (void)handle, (void)signo;
    came++;
}

static void handle(int count) {
    loop = uv_default_loop();
    for (int i = 0; i < count; i++)
        if (uv_signal_init(loop, &handles[i]) < 0 || uv_signal_start(&handles[i], on_signal, KINDS[i]) < 0) fail("uv");
}

static void self(void) {
    kill(me, SIGUSR1);
    while (!came) uv_run(loop, UV_RUN_NOWAIT);
    came = 0;
}

static void burst(void) {
    for (int i = 0; i < 16; i++) kill(me, KINDS[i]);
    while (came < 16) uv_run(loop, UV_RUN_NOWAIT);
    if (came != 16) wrong("came", came);
    came = 0;
}

static void hear(void) {
    while (!came) uv_run(loop, UV_RUN_ONCE);
    came = 0;
}

static void answer(pid_t to) {
    hear();
    kill(to, SIGUSR1);
}

int main(int argc, char **argv) {
    const char *metric = argc > 1 ? argv[1] : "";
    prepare();
    me = getpid();
    if (is(metric, "self")) {
        handle(1);
        BATCHES(64, self());
    } else if (is(metric, "burst")) {
        handle(16);
        BATCHES(4, burst());
    } else if (is(metric, "pp")) {
        handle(1);
        /* A loop must not be shared with a forked process. */
        peer = other(answer);
        BATCHES(64, kill(peer, SIGUSR1), hear());
        end(peer);
    } else if (is(metric, "poll_call")) {
        handle(1);
        BATCHES(64, uv_run(loop, UV_RUN_NOWAIT); if (came) wrong("came", came));
    } else {
        return 77;
    }
    return 0;
}
