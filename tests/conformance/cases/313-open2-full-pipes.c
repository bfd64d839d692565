#include <perlipc.h>
#include <stdio.h>
#include <string.h>

static char data[400000];

int main(void) {
    ipc_cmd *cmd = ipc_cmd_new("cat");
    ipc_stream *r, *w;
    ipc_capture *all;
    size_t len;
    memset(data, 'x', sizeof data);
    if (ipc_open2(cmd, &r, &w) < 0 || ipc_capture_feed(w, data, sizeof data, r, NULL, -1, &all) < 0) return 1;
    ipc_capture_output(all, &len);
    printf("in %zu out %zu code=%d\n", sizeof data, len, ipc_status_code(ipc_capture_status(all)));
    ipc_capture_free(all);
    ipc_stream_free(r);
    ipc_stream_free(w);
    ipc_cmd_free(cmd);
    return 0;
}
