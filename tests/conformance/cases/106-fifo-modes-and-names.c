#include <fcntl.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    const mode_t masks[] = {0, 022, 0777}, modes[] = {0666, 0777, 0, 01777};
    char endless[301];
    memset(endless, 'x', 300);
    endless[300] = 0;
    const char *names[] = {"plain", ".", "nodir/f", "plain/f", "", "dangling", "loop", endless, "new/"};
    struct stat st;
    if (close(open("plain", O_CREAT | O_WRONLY, 0600)) || symlink("loop", "loop") || symlink("nowhere", "dangling")) return 1;
    for (int u = 0; u < 3; u++) {
        umask(masks[u]);
        for (int m = 0; m < 4; m++) {
            char p[32];
            snprintf(p, sizeof p, "f%o-%o", masks[u], modes[m]);
            int made = ipc_fifo_make(p, modes[m]) == 0;
            if (lstat(p, &st) != 0) return 1;
            printf("%s %d %o\n", p, made, st.st_mode & 07777);
        }
    }
    for (int i = 0; i < 9; i++) {
        int made = ipc_fifo_make(names[i], 0600);
        printf("%.9s error %d -p %d\n", names[i], -made, ipc_fifo_is(names[i]));
    }
    return 0;
}
