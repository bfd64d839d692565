#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static int type_in(const char *keys, const char *modes, const char *command) {
    char text[256];
    unsigned char byte;
    const char *line;
    ipc_stream *pty;
    int32_t st;
    snprintf(text, sizeof text, "stty %s; echo go; %s", modes, command);
    const char *words[] = {"sh", "-c", text, NULL};
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_cmd_option(cmd, "terminal", "echo,crlf");
    if (ipc_pty_open(cmd, 24, 80, &pty) < 0 || ipc_stream_readline(pty, &line) < 0) return 1;
    if (ipc_stream_write(pty, keys, strlen(keys)) < 0) return 1;
    printf("%s: ", modes);
    while (ipc_stream_read(pty, &byte, 1) > 0) printf(byte < ' ' || byte > '~' ? "<%02x>" : "%c", byte);
    if (ipc_stream_close(pty, &st) < 0) return 1;
    printf(" %d\n", st);
    ipc_stream_free(pty);
    ipc_cmd_free(cmd);
    return 0;
}

int main(void) {
    return type_in("abc\x7f" "d\n", "-echo", "head -1") || type_in("junk\x15ok\n", "-echo", "head -1")
        || type_in("one two\x17three\n", "-echo", "head -1") || type_in("part\x04\x04", "-echo", "cat")
        || type_in("\x04", "-echo", "cat; echo end") || type_in("a\r", "-echo", "head -1")
        || type_in("a\r\n", "-echo -icrnl", "head -1 | od -An -c") || type_in("\x16\x03\n", "-echo", "head -1 | od -An -c")
        || type_in("ab\x04", "raw -echo", "head -c 3 | od -An -c") || type_in("a\x7f\n", "echo", "head -1")
        || type_in("\x04", "echo", "head -1") || type_in("hidden\n", "-echo echonl", "head -1")
        || type_in("q\x03", "-echo", "exec cat");
}
