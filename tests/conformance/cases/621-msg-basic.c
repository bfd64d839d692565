#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static int32_t q;

static void snd(int64_t type, const char *body) {
    if (ipc_msg_send(q, type, body, strlen(body), 0, -1) < 0) puts(ipc_error_last_text());
}

int main(void) {
    char body[60];
    int64_t type, len;
    q = ipc_msg_get(PERLIPC_PRIVATE, 0600 | PERLIPC_CREAT);
    printf("[%d]\n", ipc_msg_send(q, 5, "five", 4, 0, -1) >= 0);
    snd(3, "three");
    snd(9, "nine");
    snd(3, "three-b");
    for (int i = 0; i < 4; i++) {
        const int64_t want[] = {9, -4, 0, 0};
        len = ipc_msg_recv(q, want[i], body, sizeof body, PERLIPC_NOWAIT, -1, &type);
        printf("want %d: n=%d type=%d %.*s\n", (int)want[i], len >= 0, (int)type, (int)len, body);
    }
    len = ipc_msg_recv(q, 0, body, sizeof body, PERLIPC_NOWAIT, -1, &type);
    printf("%d ENOMSG=%d\n", len >= 0, len == -ENOMSG);
    snd(7, "");
    len = ipc_msg_recv(q, 0, body, 10, 0, -1, &type);
    /* Perl's buffer has the type in front. */
    printf("empty body n=[%d] len=%d\n", len >= 0, (int)(sizeof type + (size_t)len));
    ipc_msg_remove(q);
    return 0;
}
