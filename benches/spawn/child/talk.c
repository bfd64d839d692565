/* A child that says things as fast as a pipe takes them: "talk line", "talk bytes N", "talk lines N". Static, so that
   its own start is short. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 16];

static void say(const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(1, data, len);
        if (n < 0 && errno != EINTR) _exit(1);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

/* Lines of 3 to 9 bytes and their newline, made once: what is measured is who reads them. */
static void say_lines(long count) {
    size_t used = 0;
    long made = 0;
    for (; used + 16 < sizeof block; made++) {
        memcpy(block + used, "some line", 9);
        used += (size_t)(3 + made * 5 % 7);
        block[used++] = '\n';
    }
    for (; count >= made; count -= made) say(block, used);
    for (used = 0; count > 0; used++) count -= block[used] == '\n';
    say(block, used);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "line";
    long count = argc > 2 ? atol(argv[2]) : 0;
    if (!strcmp(what, "line")) {
        say("hi\n", 3);
    } else if (!strcmp(what, "bytes")) {
        memset(block, 'x', sizeof block);
        for (; count > 0; count -= (long)sizeof block) {
            say(block, count < (long)sizeof block ? (size_t)count : sizeof block);
        }
    } else if (!strcmp(what, "lines")) {
        say_lines(count);
    } else {
        return 2;
    }
    return 0;
}
