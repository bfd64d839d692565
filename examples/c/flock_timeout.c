/* The manual's timeout: "while safely protected within an eval{} block, you set a signal handler to trap alarm signals and
 * then schedule to have one delivered to you in some number of seconds. Then try your blocking operation":
 *
 *     eval { local $SIG{ALRM} = sub { die "alarm clock restart" }; alarm 10; flock(FH, 2); alarm 0; };
 *     if ($@ and $@ !~ /alarm clock restart/) { die }
 *
 * And the same by the call's own limit, without any signal. */
#include <perlipc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int32_t alarm_clock_restart(int32_t signo, const char *signame, void *userdata) {
    (void)signo, (void)signame, (void)userdata;
    return 1;
}

int main(void) {
    const char *path = "/tmp/perlipc-flock-example";
    int holder = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600), fh = open(path, O_RDWR | O_CLOEXEC);
    if (holder < 0 || fh < 0 || ipc_flock(holder, "EX", -1) < 0) return 1;

    ipc_saved *saved;
    if (ipc_signal_save("ALRM", &saved) < 0 || ipc_signal_handle("ALRM", alarm_clock_restart, NULL) < 0) return 1;
    ipc_signal_alarm(200, 0);
    int32_t got = ipc_flock(fh, "EX", -1); /* blocking write lock */
    ipc_signal_alarm(0, 0);
    ipc_signal_restore(saved);
    printf("by the alarm: %s\n", got == PERLIPC_E_HANDLER ? "timed out" : ipc_error_name(got));

    got = ipc_flock(fh, "EX", 200);
    printf("by its limit: %s\n", got == -ETIMEDOUT ? "timed out" : ipc_error_name(got));
    close(fh), close(holder), unlink(path);
    return 0;
}
