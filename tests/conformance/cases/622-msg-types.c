#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

static int32_t id;

static void get(int64_t type) {
    char m[99];
    int64_t got, n = ipc_msg_recv(id, type, m, sizeof m, IPC_NOWAIT, -1, &got);
    if (n < 0) printf("ENOMSG=%d", n == -ENOMSG);
    else printf("%.*s(%d)", (int)n, m, (int)got);
}

int main(void) {
    int64_t types[] = {2, -2, 0, 9, 0, 0};
    const char *put[] = {"t3", "t1", "t2", "t3"};
    char m[99];
    if ((id = ipc_msg_get(0, 0600)) < 0) return 1;
    for (int i = 0; i < 4; i++) {
        if (ipc_msg_send(id, put[i][1] - '0', put[i], 2, 0, -1) < 0) return 1;
    }
    for (int i = 0; i < 6; i++) get(types[i]), printf(i < 5 ? " " : "\n");
    if (ipc_msg_send(id, 5, "long message", 12, 0, -1) < 0) return 1;
    int64_t n = ipc_msg_recv(id, 0, m, 4, IPC_NOWAIT, -1, NULL);
    printf("%d E2BIG=%d\n", n >= 0, n == -E2BIG);
    n = ipc_msg_recv(id, 0, m, 4, IPC_NOWAIT | MSG_NOERROR, -1, NULL);
    printf("%d %.*s\n", n >= 0, (int)n, m);
    /* The type is a parameter of its own here: no message is too short for it. */
    printf("too short\n");
    n = ipc_msg_send(id, 0, "x", 1, 0, -1);
    printf("%d EINVAL=%d\n", n >= 0, n == -EINVAL);
    ipc_msg_remove(id);
    return 0;
}
