#include <errno.h>
#include <perlipc.h>
#include <stdio.h>
#include <sys/stat.h>

static void put(const char *name, mode_t mode, const char *text) {
    FILE *o = fopen(name, "w");
    fputs(text, o);
    fclose(o);
    chmod(name, mode);
}

int main(void) {
    const char *programs[] = {"./plain", "./dir", "./lost", "./bare"};
    put("plain", 0644, "echo no\n");
    mkdir("dir", 0755);
    put("lost", 0755, "#!/no/such/interpreter\n");
    put("bare", 0755, "echo bare $1\n");
    for (int i = 0; i < 4; i++) {
        ipc_cmd *cmd = ipc_cmd_new(programs[i]);
        ipc_stream *f;
        const char *line;
        ipc_cmd_arg(cmd, "a");
        int32_t r = ipc_popen_start(cmd, "-|", &f);
        if (r > 0 && ipc_stream_readline(f, &line) > 0) printf("%s: runs: %s", programs[i], line);
        else printf("%s: EACCES=%d ENOENT=%d\n", programs[i], r == -EACCES, r == -ENOENT);
        ipc_stream_free(f);
        ipc_cmd_free(cmd);
    }
    return 0;
}
