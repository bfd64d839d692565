/* The limit: a pty and its child by direct system calls, and a search that looks at each byte once. */
#include "teller.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static int start(char **argv, pid_t *pid) {
    int unlock = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock)) fail("/dev/ptmx");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios modes;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    if (slave < 0 || tcgetattr(slave, &modes)) fail("slave");
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    modes.c_oflag &= ~(tcflag_t)ONLCR;
    if (tcsetattr(slave, TCSANOW, &modes) || ioctl(slave, TIOCSWINSZ, &size)) fail("modes");
    *pid = vfork();
    if (*pid == 0) {
        setsid();
        ioctl(slave, TIOCSCTTY, 0);
        dup2(slave, 0);
        dup2(slave, 1);
        dup2(slave, 2);
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (*pid < 0) fail("vfork");
    close(slave);
    return master;
}

static void finish(int master, pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) wrong("status", status);
    close(master);
}

static void spawn(void) {
    char room[4096];
    pid_t pid;
    int master = start(hi_argv, &pid);
    size_t got = 0;
    ssize_t n;
    while ((n = read(master, room + got, sizeof room - got)) > 0) got += (size_t)n;
    if (got != 3 || errno != EIO) wrong("bytes", (long long)got);
    finish(master, pid);
}

static void talk(int master) {
    char room[4096];
    size_t got = 0;
    if (write(master, "ping\n", 5) != 5) fail("write");
    while (!memmem(room, got, "pong\n", 5)) {
        ssize_t n = read(master, room + got, sizeof room - got);
        if (n <= 0) fail("read");
        got += (size_t)n;
    }
}

static void find(long mib) {
    static char room[1 << 17];
    pid_t pid;
    int master = start(flood_argv, &pid);
    size_t kept = 0, all = 0;
    for (;;) {
        ssize_t n = read(master, room + kept, 1 << 16);
        if (n <= 0) fail("not found");
        kept += (size_t)n;
        all += (size_t)n;
        if (memmem(room, kept, "needle42", 8)) break;
        size_t overlap = kept < 7 ? kept : 7;
        memmove(room, room + kept - overlap, overlap);
        kept = overlap;
    }
    if (all < (size_t)mib << 20) wrong("bytes", (long long)all);
    while (read(master, room, sizeof room) > 0) {}
    finish(master, pid);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int regex;
    long mib = searched(what, &regex);
    prepare();
    if (mib) ONCE(mib, find(mib));
    else if (is(what, "spawn")) OFTEN(spawn());
    else if (is(what, "talk")) {
        pid_t pid;
        int master = start(answer_argv, &pid);
        OFTEN(talk(master));
        close(master);
        int status;
        waitpid(pid, &status, 0);
    } else return 77;
    return 0;
}
