/* What is on the terminal: "teller hi" says so; "teller answer" says pong to each line; "teller flood N" writes N MiB of
   lines and then what is looked for. Static, so that its own start is short. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 16];

static void say(const char *data, size_t len) {
    while (len > 0) {
        ssize_t n = write(1, data, len);
        if (n <= 0) _exit(1);
        data += n;
        len -= (size_t)n;
    }
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "hi")) {
        say("hi\n", 3);
    } else if (!strcmp(what, "answer")) {
        while (read(0, block, sizeof block) > 0) say("pong\n", 5);
    } else if (!strcmp(what, "flood")) {
        memset(block, 'x', sizeof block);
        for (size_t at = 63; at < sizeof block; at += 64) block[at] = '\n';
        for (long left = (argc > 2 ? atol(argv[2]) : 1) << 4; left > 0; left--) say(block, sizeof block);
        say("needle42\n", 9);
    } else {
        return 2;
    }
    return 0;
}
