#include <errno.h>
#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned char sets[3][64];

static void enter(int set, int fd) {
    sets[set][fd / 8] |= 1 << fd % 8;
}

/* What was entered, and which of the three are given. */
static void sel(int given, const char *behind) {
    int count[3] = {0, 0, 0};
    void *mask[3];
    for (int i = 0; i < 3; i++) mask[i] = given & 1 << i ? sets[i] : NULL;
    int n = ipc_select(mask[0], mask[1], mask[2], sizeof sets[0], 0, NULL);
    for (int i = 0; i < 3; i++) {
        for (int fd = 0; fd < 512; fd++) count[i] += sets[i][fd / 8] >> fd % 8 & 1;
    }
    printf("%d=%d+%d+%d%s", n == -ETIMEDOUT ? 0 : n, count[0], count[1], count[2], behind);
    memset(sets, 0, sizeof sets);
}

int main(void) {
    int p[2], s[2];
    char x;
    if (pipe(p) || socketpair(AF_UNIX, SOCK_STREAM, 0, s)) return 1;
    enter(0, p[0]), enter(1, p[1]), sel(3, " ");
    enter(0, p[0]), enter(0, p[1]), sel(1, " ");
    enter(1, p[0]), enter(1, p[1]), sel(2, " ");
    enter(0, p[0]), enter(1, p[1]), enter(2, p[0]), enter(2, p[1]), sel(7, "\n");
    for (int set = 0; set < 3; set++) enter(set, s[0]), enter(set, s[1]);
    sel(7, " ");
    if (write(s[1], "x", 1) != 1) return 1;
    for (int set = 0; set < 3; set++) enter(set, s[0]);
    sel(7, " ");
    close(s[1]);
    for (int set = 0; set < 3; set++) enter(set, s[0]);
    sel(7, " ");
    if (read(s[0], &x, 1) != 1) return 1;
    for (int set = 0; set < 3; set++) enter(set, s[0]);
    sel(7, "\n");
    if (write(p[1], "x", 1) != 1) return 1;
    enter(0, p[0]), enter(2, p[0]), sel(5, " ");
    close(p[0]);
    enter(1, p[1]), sel(2, " ");
    enter(0, p[1]), sel(1, "\n");
    int n = open("/dev/null", O_RDONLY), f = open("file", O_RDWR | O_CREAT, 0600), d = open(".", O_RDONLY);
    enter(0, n), enter(0, f), enter(1, f), sel(3, " ");
    enter(0, d), sel(1, " ");
    sel(7, " ");
    sel(0, "\n");
    return 0;
}
