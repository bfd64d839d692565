/* "And here's how to start up a child process you intend to read from": what `netstat -an` says of anything but TCP and
 * UDP, line by line, "then you don't have to read the whole thing into memory at once". The manual closes the wrong handle,
 * SPOOLER; here it is the one that was read.
 *
 *     cc status_reader.c -lperlipc -o status_reader && ./status_reader */
#include <perlipc.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    ipc_stream *netstat;
    const char *line;
    int64_t len;
    int32_t status = 0;
    if (ipc_popen_open("netstat -an 2>&1 |", &netstat) < 0) {
        fprintf(stderr, "can't fork: %s\n", ipc_error_last_text());
        return 1;
    }
    while ((len = ipc_stream_readline(netstat, &line)) > 0)
        if (strncmp(line, "tcp", 3) != 0 && strncmp(line, "udp", 3) != 0) fwrite(line, 1, (size_t)len, stdout);
    if (len < 0 || ipc_stream_close(netstat, &status) < 0 || status != 0) {
        fprintf(stderr, "bad netstat: %s\n", status != 0 ? "it failed" : ipc_error_last_text());
        return 1;
    }
    ipc_stream_free(netstat);
    return 0;
}
