#include <errno.h>
#include <perlipc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static ipc_stream *w, *r;
static ipc_child *child;

static int start(const ipc_cmd *cmd) {
    ipc_stream_free(w);
    ipc_stream_free(r);
    if (ipc_open3(cmd, &w, &r, NULL) < 0) exit(1);
    child = ipc_stream_child(r);
    return child != NULL;
}

int main(void) {
    const char *names[] = {"TERM", "KILL", "HUP"}, *line;
    const int codes[] = {0, 1, 255, 256, 128};
    int32_t st;
    ipc_cmd *cat = ipc_cmd_shell("cat"), *sleeper = ipc_cmd_shell("sleep 60");
    start(cat);
    printf("runs %d\n", ipc_child_wait(child, 0, &st) == -ETIMEDOUT ? 0 : 1);
    if (ipc_stream_close(w, NULL) < 0 || ipc_child_wait(child, -1, &st) < 0) return 1;
    printf("reaped %d\n", st);
    printf("again %d -1\n", waitpid(ipc_child_pid(child), NULL, 0));
    for (int i = 0; i < 3; i++) {
        start(sleeper);
        if (ipc_child_kill(child, names[i]) < 0 || ipc_child_wait(child, -1, &st) < 0) return 1;
        printf("%s %d %d\n", names[i], st & 127, st >> 8);
    }
    for (int i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "exit %d;", codes[i]);
        ipc_cmd *cmd = ipc_cmd_shell(text);
        start(cmd);
        if (ipc_child_wait(child, -1, &st) < 0) return 1;
        printf("exit %d %d\n", codes[i], ipc_status_code(st));
        ipc_cmd_free(cmd);
    }
    ipc_cmd *holder = ipc_cmd_shell("sleep 60 & echo $!; exit 4");
    start(holder);
    if (ipc_stream_readline(r, &line) <= 0) return 1;
    int bg = atoi(line);
    if (ipc_child_wait(child, -1, &st) < 0) return 1;
    printf("code %d\n", ipc_status_code(st));
    kill(bg, SIGTERM);
    puts(ipc_stream_readline(r, &line) > 0 ? "more" : "end");
    ipc_stream_free(w);
    ipc_stream_free(r);
    ipc_cmd_free(cat);
    ipc_cmd_free(sleeper);
    ipc_cmd_free(holder);
    return 0;
}
