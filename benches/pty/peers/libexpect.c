/* libexpect, found when it is run: its header is in a package of its own. */
#include "teller.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END, GLOB, EXACT, REGEXP };
static int (*spawnv)(char *, char **), (*expectl)(int, ...);
static int *pid;

static int start(char **argv) {
    int fd = spawnv(argv[0], argv);
    if (fd < 0) fail("exp_spawnv");
    return fd;
}

static void finish(int fd) {
    int status;
    close(fd);
    waitpid(*pid, &status, 0);
}

static void spawn(void) {
    int fd = start(hi_argv);
    if (expectl(fd, EXACT, "hi", 1, END) != 1) wrong("match", 0);
    finish(fd);
}

static void talk(int fd) {
    if (write(fd, "ping\n", 5) != 5) fail("write");
    if (expectl(fd, EXACT, "pong", 1, END) != 1) wrong("match", 0);
}

static void find(int regex) {
    int fd = start(flood_argv);
    if (expectl(fd, regex ? REGEXP : EXACT, regex ? "n[e]+dle[0-9]+" : "needle42", 1, END) != 1) wrong("match", 0);
    finish(fd);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int regex;
    long mib = searched(what, &regex);
    /* It does not name the library that it needs. */
    if (!dlopen("libtcl8.6.so", RTLD_NOW | RTLD_GLOBAL)) return 77;
    void *lib = dlopen("libexpect.so.5", RTLD_NOW);
    if (!lib) lib = dlopen("libexpect.so.5.45", RTLD_NOW);
    if (!lib || mib > 32) return 77;
    *(void **)&spawnv = dlsym(lib, "exp_spawnv");
    *(void **)&expectl = dlsym(lib, "exp_expectl");
    pid = dlsym(lib, "exp_pid");
    int *timeout = dlsym(lib, "exp_timeout"), *loguser = dlsym(lib, "exp_loguser");
    if (!spawnv || !expectl || !pid || !timeout || !loguser) return 77;
    *timeout = -1;
    *loguser = 0;
    prepare();
    if (mib) ONCE(mib, find(regex));
    else if (is(what, "spawn")) OFTEN(spawn());
    else if (is(what, "talk")) {
        int fd = start(answer_argv);
        OFTEN(talk(fd));
        finish(fd);
    } else return 77;
    return 0;
}
