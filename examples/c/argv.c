/* The manual's ARGV example: argv f1 "cmd1|" - f2 "cmd2|" f3 < tmpfile, each line with its number and where it is from.
 * The names are trusted here; without magic (0 in place of 1) each one is a file.
 *
 *     cc argv.c -Iinclude -Lbuild/lib -lperlipc -Wl,-rpath,$PWD/build/lib -o argv && ./argv "echo hi |" /etc/hostname */
#include <perlipc.h>

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv) {
    ipc_argv *files;
    const char *line;
    int64_t len;
    if (argc < 1 || ipc_argv_open((const char *const *)argv + 1, 1, &files) < 0) return 1;
    while ((len = ipc_argv_readline(files, &line)) > 0)
        printf("%" PRId64 ":[%s]:%s", ipc_argv_lineno(files), ipc_argv_name(files), line);
    if (len < 0) fprintf(stderr, "argv: %s\n", ipc_error_last_text());
    ipc_argv_free(files);
    return len < 0;
}
