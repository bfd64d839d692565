/* What to run: program, arguments, environment, descriptors, user, limits; started, run, exec'd. */
#include "check.h"
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

static int32_t start_fails(ipc_cmd *cmd) {
    ipc_child *child = (ipc_child *)1;
    int32_t result = ipc_cmd_start(cmd, &child);
    CHECK(child == NULL);
    ipc_cmd_free(cmd);
    return result;
}

static int32_t status_of(ipc_cmd *cmd) {
    int32_t status = 12345;
    SAME(ipc_cmd_run(cmd, 60000, &status), 0);
    ipc_cmd_free(cmd);
    return status;
}

TEST(arguments_arrive_as_they_are) {
    ipc_cmd *cmd = ipc_cmd_new("printf");
    SAME(ipc_cmd_arg(cmd, "[%s]"), 0);
    SAME(ipc_cmd_arg(cmd, "a b"), 0);
    SAME(ipc_cmd_arg(cmd, "$HOME; *"), 0);
    SAME(ipc_cmd_arg(cmd, ""), 0);
    SAME(ipc_cmd_arg(cmd, "\xff\x80"), 0); /* no UTF-8 */
    TEXT(output_of(cmd), "[a b][$HOME; *][][\xff\x80]");
    TEXT(output_of(CMD("/bin/echo", "by", "path")), "by path\n");
}

TEST(strings_run_as_perl_runs_them) {
    TEXT(output_of(ipc_cmd_shell("echo  one   two")), "one two\n");
    TEXT(output_of(ipc_cmd_shell("echo $((6 * 7)) | cat")), "42\n");
    TEXT(output_of(ipc_cmd_shell("exec echo shell")), "shell\n");
    /* Without a shell, a missing program is an error here; behind one it is its 127. */
    FAILS(start_fails(ipc_cmd_shell("/no/such/program a b")), -ENOENT, "exec");
    SAME(ipc_status_code(status_of(ipc_cmd_shell("/no/such/program a b 2>/dev/null; exit $?"))), 127);
}

TEST(a_command_is_reusable) {
    ipc_cmd *cmd = CMD("sh", "-c", "exit 7");
    for (int i = 0; i < 3; i++) {
        int32_t status;
        SAME(ipc_cmd_run(cmd, -1, &status), 0);
        SAME(ipc_status_code(status), 7);
    }
    ipc_cmd_free(cmd);
    ipc_cmd_free(NULL);
}

TEST(what_cannot_be_run_names_step_and_path) {
    FAILS(start_fails(CMD("/no/such/program")), -ENOENT, "exec");
    TEXT(ipc_error_last_path(), "/no/such/program");
    FAILS(start_fails(CMD("no-such-program")), -ENOENT, "exec");
    TEXT(ipc_error_last_text(), "exec no-such-program: No such file or directory");
    FAILS(start_fails(CMD("/etc/passwd")), -EACCES, "exec");
    FAILS(start_fails(CMD("/etc")), -EACCES, "exec");
    FAILS(start_fails(CMD("/etc/passwd/x")), -ENOTDIR, "exec");
    const char *script = in_room("script");
    FILE *file = fopen(script, "w");
    fputs("#!/no/such/interpreter -x\n", file);
    fclose(file);
    chmod(script, 0755);
    FAILS(start_fails(CMD(script)), -ENOENT, "exec");
    CHECK(strstr(ipc_error_last_text(), "/no/such/interpreter") != NULL);
}

TEST(path_is_searched_without_dot_and_empty_entries) {
    const char *script = in_room("only-here");
    FILE *file = fopen(script, "w");
    fputs("#!/bin/sh\necho found\n", file);
    fclose(file);
    chmod(script, 0755);
    char *before = strdup(getenv("PATH")), here[256];
    CHECK(getcwd(here, sizeof here) && chdir(room()) == 0);
    setenv("PATH", ".::/bin", 1);
    FAILS(start_fails(CMD("only-here")), -ENOENT, "exec");
    setenv("PATH", room(), 1);
    TEXT(output_of(CMD("only-here")), "found\n");
    /* The child's own PATH decides where the command has one. */
    setenv("PATH", "/bin:/usr/bin", 1);
    ipc_cmd *cmd = CMD("only-here");
    SAME(ipc_cmd_env(cmd, "PATH", room()), 0);
    TEXT(output_of(cmd), "found\n");
    setenv("PATH", before, 1);
    free(before);
    CHECK(chdir(here) == 0);
}

TEST(a_file_without_an_interpreter_line_is_a_script) {
    const char *script = in_room("plain");
    FILE *file = fopen(script, "w");
    fputs("echo plain \"$1\"\n", file);
    fclose(file);
    chmod(script, 0755);
    TEXT(output_of(CMD(script, "argument")), "plain argument\n");
}

TEST(environment) {
    setenv("PERLIPC_TEST", "here", 1);
    ipc_cmd *cmd = CMD("sh", "-c", "echo $PERLIPC_TEST.$PERLIPC_OTHER");
    SAME(ipc_cmd_env(cmd, "PERLIPC_OTHER", "a=b"), 0);
    TEXT(output_of(cmd), "here.a=b\n");
    cmd = CMD("sh", "-c", "echo ${PERLIPC_TEST-unset}");
    SAME(ipc_cmd_env(cmd, "PERLIPC_TEST", NULL), 0);
    TEXT(output_of(cmd), "unset\n");
    cmd = CMD("/usr/bin/env");
    SAME(ipc_cmd_env(cmd, "ONLY", "this"), 0);
    SAME(ipc_cmd_env_clear(cmd), 0);
    TEXT(output_of(cmd), "ONLY=this\n");
    unsetenv("PERLIPC_TEST");
}

TEST(directory_and_umask) {
    ipc_cmd *cmd = CMD("sh", "-c", "pwd; umask");
    SAME(ipc_cmd_dir(cmd, "/usr"), 0);
    SAME(ipc_cmd_option(cmd, "umask", "027"), 0);
    TEXT(output_of(cmd), "/usr\n0027\n");
    cmd = CMD("true");
    SAME(ipc_cmd_dir(cmd, "/no/such/dir"), 0);
    FAILS(start_fails(cmd), -ENOENT, "chdir");
    TEXT(ipc_error_last_path(), "/no/such/dir");
}

TEST(redirections) {
    const char *path = in_room("file");
    char to[160], from[160];
    snprintf(to, sizeof to, ">%s", path);
    snprintf(from, sizeof from, "<%s", path);
    ipc_cmd *cmd = CMD("sh", "-c", "echo out; echo err >&2");
    SAME(ipc_cmd_redirect(cmd, 1, to), 0);
    SAME(ipc_cmd_redirect(cmd, 2, "&1"), 0);
    SAME(status_of(cmd), 0);
    struct stat stat_;
    SAME(stat(path, &stat_), 0);
    SAME(stat_.st_mode & 0777, 0600);
    snprintf(to, sizeof to, ">>%s", path);
    cmd = CMD("echo", "more");
    SAME(ipc_cmd_redirect(cmd, 1, to), 0);
    SAME(status_of(cmd), 0);
    cmd = CMD("cat");
    SAME(ipc_cmd_redirect(cmd, 0, from), 0);
    TEXT(output_of(cmd), "out\nerr\nmore\n");
    snprintf(from, sizeof from, "+<%s", path);
    cmd = CMD("sh", "-c", "printf OUT >&5; cat <&5");
    SAME(ipc_cmd_redirect(cmd, 5, from), 0);
    TEXT(output_of(cmd), "\nerr\nmore\n");
    cmd = CMD("sh", "-c", "cat; echo lost >&2; [ -e /proc/self/fd/0 ] && echo null");
    SAME(ipc_cmd_redirect(cmd, 0, "null"), 0);
    SAME(ipc_cmd_redirect(cmd, 2, "null"), 0);
    TEXT(output_of(cmd), "null\n");
    cmd = CMD("sh", "-c", "[ -e /proc/self/fd/0 ] || echo closed");
    SAME(ipc_cmd_redirect(cmd, 0, "close"), 0);
    TEXT(output_of(cmd), "closed\n");
    cmd = CMD("cat");
    SAME(ipc_cmd_redirect(cmd, 0, "</no/such/file"), 0);
    FAILS(start_fails(cmd), -ENOENT, "open");
    TEXT(ipc_error_last_path(), "/no/such/file");
    /* A socket pair in the place of a pipe. */
    cmd = CMD("sh", "-c", "[ -S /proc/self/fd/1 ] && echo socket");
    SAME(ipc_cmd_redirect(cmd, 1, "socket"), 0);
    TEXT(output_of(cmd), "socket\n");
}

TEST(errors_apart_merged_and_inherited) {
    ipc_cmd *cmd = CMD("sh", "-c", "echo out; echo err >&2");
    SAME(ipc_cmd_redirect(cmd, 2, "&1"), 0);
    TEXT(output_of(cmd), "out\nerr\n");
    cmd = CMD("sh", "-c", "echo ${1+hidden} >/dev/null");
    SAME(ipc_cmd_redirect(cmd, 2, "inherit"), 0);
    TEXT(output_of(cmd), "");
}

/* The numbers in the child's /proc/self/fd, but for that of the directory itself. */
static ipc_cmd *list(void) {
    return CMD("sh", "-c", "for fd in /proc/self/fd/*; do [ -e $fd ] && echo ${fd##*/}; done | sort -n | tr '\\n' ' '");
}

TEST(only_named_descriptors_survive) {
    int leaked[3] = {open("/dev/null", O_RDONLY), open("/etc/passwd", O_RDONLY), socket(AF_UNIX, SOCK_STREAM, 0)};
    ipc_cmd *cmd = CMD("sh", "-c", "for fd in 0 1 2 3 4 5 6 7 8 9; do eval \"true <&$fd\" 2>/dev/null && printf '%s ' $fd; done");
    SAME(ipc_cmd_redirect(cmd, 0, "null"), 0);
    SAME(ipc_cmd_pass(cmd, 7, leaked[1]), 0);
    TEXT(output_of(cmd), "0 1 2 7 ");
    for (int i = 0; i < 3; i++) close(leaked[i]);
}

TEST(descriptors_in_any_permutation) {
    /* Six files, given to the child as each other's numbers: a cycle, a swap and one that stays. */
    int files[6];
    char name[8], want[64] = "";
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "f%d", i);
        const char *path = in_room(name);
        FILE *file = fopen(path, "w");
        fprintf(file, "%d", i);
        fclose(file);
        files[i] = open(path, O_RDONLY | O_CLOEXEC);
    }
    static const int order[6] = {1, 2, 0, 4, 3, 5};
    ipc_cmd *cmd = ipc_cmd_new("sh");
    char script[256] = "";
    for (int i = 0; i < 6; i++) {
        SAME(ipc_cmd_pass(cmd, files[i], files[order[i]]), 0);
        snprintf(script + strlen(script), sizeof script - strlen(script), "cat /proc/self/fd/%d; ", files[i]);
        snprintf(want + strlen(want), sizeof want - strlen(want), "%d", order[i]);
    }
    SAME(ipc_cmd_arg(cmd, "-c"), 0);
    SAME(ipc_cmd_arg(cmd, script), 0);
    TEXT(output_of(cmd), want);
    /* Over the standard ones too. */
    cmd = CMD("sh", "-c", "cat; cat <&9");
    SAME(ipc_cmd_pass(cmd, 0, files[4]), 0);
    SAME(ipc_cmd_pass(cmd, 9, files[2]), 0);
    TEXT(output_of(cmd), "42");
    for (int i = 0; i < 6; i++) close(files[i]);
    cmd = CMD("true");
    SAME(ipc_cmd_pass(cmd, 5, files[0]), 0);
    FAILS(start_fails(cmd), -EBADF, "redirect");
}

TEST(numbers_that_are_open_in_a_loop) {
    ipc_cmd *cmd = CMD("true");
    SAME(ipc_cmd_redirect(cmd, 3, "&4"), 0);
    SAME(ipc_cmd_redirect(cmd, 4, "&3"), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INVALID, "redirect");
}

TEST(setters_refuse_and_keep_the_first_failure) {
    ipc_cmd *cmd;
    FAILS(start_fails(ipc_cmd_new(NULL)), PERLIPC_E_INVALID, "command");
    FAILS(start_fails(ipc_cmd_new("")), PERLIPC_E_INVALID, "command");
    FAILS(start_fails(ipc_cmd_argv(NULL)), PERLIPC_E_INVALID, "command");
    FAILS(start_fails(ipc_cmd_shell(NULL)), PERLIPC_E_INVALID, "command");
    FAILS(start_fails(ipc_cmd_shell("  \t ")), PERLIPC_E_INVALID, "command");
#define REFUSES(step, setter) do { \
        cmd = CMD("true"); \
        FAILS(setter, PERLIPC_E_INVALID, step); \
        FAILS(start_fails(cmd), PERLIPC_E_INVALID, step); \
    } while (0)
    REFUSES("argument", ipc_cmd_arg(cmd, NULL));
    REFUSES("environment", ipc_cmd_env(cmd, "", "x"));
    REFUSES("environment", ipc_cmd_env(cmd, "A=B", "x"));
    REFUSES("environment", ipc_cmd_env(cmd, NULL, "x"));
    REFUSES("chdir", ipc_cmd_dir(cmd, NULL));
    REFUSES("redirect", ipc_cmd_redirect(cmd, 1, "sideways"));
    REFUSES("redirect", ipc_cmd_redirect(cmd, 1, ">"));
    REFUSES("redirect", ipc_cmd_redirect(cmd, 1, "&x"));
    REFUSES("redirect", ipc_cmd_redirect(cmd, -1, "null"));
    REFUSES("redirect", ipc_cmd_redirect(cmd, 1, NULL));
    REFUSES("redirect", ipc_cmd_pass(cmd, 3, -1));
    REFUSES("redirect", ipc_cmd_pass(cmd, -1, 0));
    REFUSES("user", ipc_cmd_user(cmd, "\xff", NULL));
    REFUSES("grace", ipc_cmd_grace(cmd, -1));
    REFUSES("option", ipc_cmd_option(cmd, "nosuch", "1"));
    REFUSES("option", ipc_cmd_option(cmd, "umask", "9"));
    REFUSES("option", ipc_cmd_option(cmd, "session", "maybe"));
    REFUSES("option", ipc_cmd_option(cmd, "group", "x"));
    REFUSES("option", ipc_cmd_option(cmd, "grace", "soon"));
    REFUSES("option", ipc_cmd_option(cmd, "keep", "all"));
    REFUSES("option", ipc_cmd_option(cmd, "limit.core", "x"));
    REFUSES("limit", ipc_cmd_option(cmd, "limit.nosuch", "1"));
    REFUSES("signal", ipc_cmd_option(cmd, "default", "NOSUCH"));
    REFUSES("signal", ipc_cmd_option(cmd, "die_with_parent", "NOSUCH"));
    REFUSES("option", ipc_cmd_option(cmd, NULL, "1"));
    REFUSES("option", ipc_cmd_option(cmd, "keep", NULL));
    cmd = CMD("true");
    SAME(ipc_cmd_dir(cmd, NULL), PERLIPC_E_INVALID);
    SAME(ipc_cmd_grace(cmd, -1), PERLIPC_E_INVALID);
    SAME(ipc_cmd_grace(cmd, 1), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INVALID, "chdir");
}

TEST(unknown_users_are_the_starts_failure) {
    ipc_cmd *cmd = CMD("true");
    SAME(ipc_cmd_user(cmd, "nobody-of-that-name", NULL), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INVALID, "user");
    cmd = CMD("true");
    SAME(ipc_cmd_user(cmd, NULL, "no-such-group"), 0);
    FAILS(start_fails(cmd), PERLIPC_E_INVALID, "group");
}

TEST(another_user) {
    if (getuid() != 0) SKIP("needs root");
    int dumpable = prctl(PR_GET_DUMPABLE);
    ipc_cmd *cmd = CMD("sh", "-c", "id -u; id -g; id -G; grep -E '^(Uid|Gid)' /proc/self/status | tr '\\t' ' '");
    SAME(ipc_cmd_user(cmd, "65534", "65534"), 0);
    SAME(ipc_cmd_option(cmd, "groups", "12,34"), 0);
    TEXT(output_of(cmd), "65534\n65534\n65534 12 34\nUid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\n");
    SAME(prctl(PR_GET_DUMPABLE), dumpable);
    cmd = CMD("id", "-un");
    SAME(ipc_cmd_user(cmd, "daemon", NULL), 0);
    TEXT(output_of(cmd), "daemon\n");
    /* Entered as the child's user. */
    const char *closed = in_room("closed");
    mkdir(closed, 0700);
    cmd = CMD("pwd");
    SAME(ipc_cmd_user(cmd, "65534", "65534"), 0);
    SAME(ipc_cmd_dir(cmd, closed), 0);
    FAILS(start_fails(cmd), -EACCES, "chdir");
}

TEST(no_right_to_another_user) {
    if (getuid() == 0) {
        ipc_child *child;
        int32_t status = 1, pid = ipc_fork(&child);
        if (pid == 0) {
            if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
            ipc_cmd *cmd = CMD("true");
            ipc_child *none = (ipc_child *)1;
            if (ipc_cmd_user(cmd, "0", "0") != 0) _exit(3);
            if (ipc_cmd_start(cmd, &none) != -EPERM || none != NULL) _exit(4);
            _exit(strcmp(ipc_error_last_step(), "setgroups") == 0 ? 0 : 5);
        }
        SAME(ipc_child_wait(child, 10000, &status), 0);
        SAME(status, 0);
        ipc_child_free(child);
        return;
    }
    ipc_cmd *cmd = CMD("true");
    SAME(ipc_cmd_user(cmd, "0", "0"), 0);
    FAILS(start_fails(cmd), -EPERM, "setgroups");
}

TEST(session_group_argv0_limits) {
    ipc_cmd *cmd = CMD("sh", "-c", "ps -o pid=,sid=,pgid= -p $$ | awk '{print ($1 == $2 && $1 == $3)}'; echo $0");
    if (system("command -v ps >/dev/null") != 0) {
        ipc_cmd_free(cmd);
        cmd = CMD("sh", "-c", "awk '{print ($1 == $5 && $1 == $6)}' /proc/$$/stat; echo $0");
    }
    SAME(ipc_cmd_option(cmd, "session", "1"), 0);
    SAME(ipc_cmd_option(cmd, "argv0", "other name"), 0);
    const char *said = output_of(cmd);
    CHECK(strncmp(said, "1\n", 2) == 0);
    CHECK(strstr(said, "other name") != NULL);
    cmd = CMD("sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c");
    SAME(ipc_cmd_option(cmd, "limit.nofile", "64:128"), 0);
    SAME(ipc_cmd_option(cmd, "limit.core", "0"), 0);
    TEXT(output_of(cmd), "64\n128\n0\n");
    cmd = CMD("true");
    SAME(ipc_cmd_option(cmd, "limit.nofile", "128:64"), 0);
    FAILS(start_fails(cmd), -EINVAL, "limit");
    TEXT(ipc_error_last_path(), "nofile");
    cmd = CMD("true");
    SAME(ipc_cmd_option(cmd, "group", "1073741823"), 0);
    FAILS(start_fails(cmd), -EPERM, "setpgid");
}

TEST(children_die_with_their_parent) {
    int ends[2];
    char byte;
    SAME(pipe2(ends, O_CLOEXEC), 0);
    ipc_child *child;
    int32_t status, pid = ipc_fork(&child);
    if (pid == 0) {
        ipc_cmd *cmd = CMD("sleep", "60");
        ipc_child *grandchild;
        if (ipc_cmd_option(cmd, "die_with_parent", "KILL") != 0 || ipc_cmd_pass(cmd, 9, ends[1]) != 0) _exit(2);
        _exit(ipc_cmd_start(cmd, &grandchild) > 0 ? 0 : 3);
    }
    close(ends[1]);
    SAME(ipc_child_wait(child, 10000, &status), 0);
    SAME(status, 0);
    SAME(read(ends[0], &byte, 1), 0); /* the end: nobody holds the pipe any more */
    close(ends[0]);
    ipc_child_free(child);
}

TEST(run_gives_the_status_and_ends_at_its_deadline) {
    int32_t status = 1;
    ipc_cmd *cmd = CMD("sleep", "60");
    SAME(ipc_cmd_grace(cmd, 0), 0);
    double start = now_ms();
    FAILS(ipc_cmd_run(cmd, 50, &status), -ETIMEDOUT, "system");
    CHECK(now_ms() - start < 5000);
    SAME(ipc_status_signal(status), SIGKILL);
    ipc_cmd_free(cmd);
    /* TERM first, and time to go: the shell takes its leave, and the sleep that it waits for is of its tree. */
    cmd = CMD("sh", "-c", "trap 'exit 42' TERM; sleep 60 & wait");
    SAME(ipc_cmd_grace(cmd, 20000), 0);
    /* It must have come to its trap by then: as much time as it needs. */
    status = -1;
    for (int ms = 200; ms < 20000 && ipc_status_code(status) != 42; ms *= 2)
        FAILS(ipc_cmd_run(cmd, ms, &status), -ETIMEDOUT, "system");
    SAME(ipc_status_code(status), 42);
    ipc_cmd_free(cmd);
    SAME(ipc_cmd_run(NULL, -1, &status), PERLIPC_E_INVALID);
    SAME(status, -1);
    cmd = CMD("/no/such/program");
    status = 0;
    FAILS(ipc_cmd_run(cmd, -1, &status), -ENOENT, "exec");
    SAME(status, -1);
    ipc_cmd_free(cmd);
    cmd = CMD("true");
    SAME(ipc_cmd_run(cmd, -1, NULL), 0);
    ipc_cmd_free(cmd);
}

TEST(run_ignores_int_while_it_waits) {
    /* The child sends INT to us, its parent, and to itself. */
    int32_t status = 0;
    ipc_cmd *cmd = CMD("sh", "-c", "kill -INT $PPID; kill -QUIT $PPID; kill -INT $$");
    SAME(ipc_cmd_option(cmd, "limit.core", "0"), 0);
    SAME(ipc_cmd_run(cmd, -1, &status), 0);
    SAME(ipc_status_signal(status), SIGINT);
    ipc_cmd_free(cmd);
}

TEST(exec_in_place) {
    ipc_stream *stream;
    const char *line;
    int32_t status, pid = ipc_popen_fork("-|", 0, &stream);
    if (pid == 0) {
        int stray = open("/dev/null", O_RDONLY);
        ipc_cmd *cmd = CMD("sh", "-c", "[ -e /proc/self/fd/$0 ] || echo gone; pwd; echo $WHO");
        char number[12];
        snprintf(number, sizeof number, "%d", stray);
        if (ipc_cmd_option(cmd, "argv0", "sh") != 0 || ipc_cmd_arg(cmd, number) != 0) _exit(90);
        if (ipc_cmd_dir(cmd, "/usr") != 0 || ipc_cmd_env(cmd, "WHO", "me") != 0) _exit(91);
        _exit(-ipc_cmd_exec(cmd) & 0xff);
    }
    SAME(ipc_stream_readline(stream, &line), 5);
    TEXT(line, "gone\n");
    SAME(ipc_stream_readline(stream, &line), 5);
    TEXT(line, "/usr\n");
    SAME(ipc_stream_readline(stream, &line), 3);
    SAME(ipc_stream_close(stream, &status), 0);
    SAME(status, 0);
    ipc_stream_free(stream);
    /* What stdio has buffered comes out, and once. */
    pid = ipc_popen_fork("-|", 0, &stream);
    if (pid == 0) {
        printf("buffered\n");
        _exit(-ipc_cmd_exec(CMD("echo", "exec'd")) & 0xff);
    }
    SAME(ipc_stream_readline(stream, &line), 9);
    TEXT(line, "buffered\n");
    SAME(ipc_stream_readline(stream, &line), 7);
    SAME(ipc_stream_readline(stream, &line), 0);
    SAME(ipc_stream_close(stream, &status), 0);
    SAME(status, 0);
    ipc_stream_free(stream);
    ipc_cmd *cmd = CMD("/no/such/program");
    FAILS(ipc_cmd_exec(cmd), -ENOENT, "exec");
    ipc_cmd_free(cmd);
    FAILS(ipc_cmd_exec(NULL), PERLIPC_E_INVALID, "cmd");
}

TEST(wrong_handles) {
    ipc_cmd *cmd = CMD("true");
    ipc_child *child;
    int32_t status;
    CHECK(ipc_cmd_start(cmd, &child) > 0);
    FAILS(ipc_cmd_arg(NULL, "x"), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_env(NULL, "x", "y"), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_env_clear(NULL), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_dir(NULL, "/"), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_redirect(NULL, 1, "null"), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_pass(NULL, 1, 1), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_user(NULL, "0", NULL), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_option(NULL, "umask", "0"), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_cmd_grace(NULL, 1), PERLIPC_E_INVALID, "cmd");
    ipc_child *none = (ipc_child *)1;
    FAILS(ipc_cmd_start(NULL, &none), PERLIPC_E_INVALID, "cmd");
    CHECK(none == NULL);
    FAILS(ipc_cmd_start(cmd, NULL), PERLIPC_E_INVALID, "start");
    FAILS(ipc_cmd_arg((ipc_cmd *)(void *)child, "x"), PERLIPC_E_INVALID, "cmd");
    TEXT(ipc_error_last_text(), "cmd: a handle of another kind");
    ipc_cmd_free((ipc_cmd *)(void *)child); /* not its kind: nothing happens */
    SAME(ipc_child_wait(child, -1, &status), 0);
    ipc_child_free(child);
    ipc_cmd_free(cmd);
}

/* ---- parents in odd states: each in a forked process of its own ---- */

static void in_a_fork(int (*body)(void)) {
    ipc_child *child;
    int32_t status = -1, pid = ipc_fork(&child);
    CHECK(pid >= 0);
    if (pid == 0) _exit(body());
    SAME(ipc_child_wait(child, 60000, &status), 0);
    SAME(status, 0);
    ipc_child_free(child);
}

static int without_standard_descriptors(void) {
    close(0), close(1), close(2);
    ipc_cmd *cmd = CMD("sh", "-c", "cat; echo err >&2; for fd in 0 1 2 3 4 5 6; do [ -e /proc/$$/fd/$fd ] && printf $fd; done");
    ipc_capture *capture;
    size_t len;
    if (ipc_capture_run(cmd, "in ", 3, 20000, &capture) != 0) return 1;
    const char *text = ipc_capture_output(capture, &len);
    if (len != 6 || memcmp(text, "in 012", 6) != 0) return 2;
    text = ipc_capture_errors(capture, &len);
    if (len != 4 || memcmp(text, "err\n", 4) != 0) return 3;
    ipc_capture_free(capture);
    /* What is opened has not taken the free numbers. */
    ipc_stream *reader, *writer;
    if (ipc_pipe_new(&reader, &writer) != 0 || ipc_stream_fd(reader) < 3 || ipc_stream_fd(writer) < 3) return 4;
    for (int fd = 0; fd < 3; fd++) if (fcntl(fd, F_GETFD) != -1) return 5;
    /* Passed and closed ones across the free numbers. */
    ipc_cmd *pass = CMD("sh", "-c", "cat <&4");
    ipc_stream *from;
    if (ipc_cmd_pass(pass, 4, ipc_stream_fd(reader)) != 0) return 6;
    if (ipc_stream_write(writer, "through\n", 8) != 8 || ipc_stream_close(writer, NULL) != 0) return 7;
    if (ipc_popen_start(pass, "-|", &from) < 0) return 8;
    const char *line;
    if (ipc_stream_readline(from, &line) != 8 || strcmp(line, "through\n") != 0) return 9;
    return 0;
}

TEST(parent_without_0_1_2) { in_a_fork(without_standard_descriptors); }

/* Of many, what one start with its wait takes where nothing else on this machine is in its way. */
static double quickest_start(int count) {
    double least = 1e9;
    while (count-- > 0) {
        int32_t status;
        double begin = now_ms();
        ipc_cmd *cmd = CMD("/bin/true");
        if (ipc_cmd_run(cmd, 20000, &status) != 0 || status != 0) _exit(4);
        ipc_cmd_free(cmd);
        double took = now_ms() - begin;
        if (took < least) least = took;
    }
    return least;
}

static int with_huge_limit(void) {
    struct rlimit limit = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
    }
    int high = fcntl(1, F_DUPFD, (int)limit.rlim_cur - 1);
    if (high < 0) return 3;
    double each = quickest_start(100);
    char text[64], script[64];
    snprintf(script, sizeof script, "[ -e /proc/self/fd/%d ] && echo leaked", high);
    snprintf(text, sizeof text, "%s", output_of(CMD("sh", "-c", script)));
    return text[0] || each > 50 ? 5 : 0;
}

TEST(descriptor_limit_at_a_million) { in_a_fork(with_huge_limit); }

static int with_a_gigabyte(void) {
    size_t size = (size_t)1 << 30;
    double small = quickest_start(50);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    memset(memory, 1, size);
    /* A fork that copied the page tables would take some 10 ms more each. */
    double large = quickest_start(50);
    return large > 2 * small + 4 ? 3 : 0;
}

TEST(parent_of_a_gigabyte) {
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128];
    long long available = 0;
    while (file && fgets(line, sizeof line, file)) sscanf(line, "MemAvailable: %lld", &available);
    if (file) fclose(file);
    if (available < 1536 * 1024) SKIP("less than 1.5 GiB of memory is free");
    in_a_fork(with_a_gigabyte);
}

static int out_of_descriptors(void) {
    struct rlimit limit = {64, 64};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    int last = -1, fd;
    while ((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) last = fd;
    ipc_cmd *cmd = CMD("echo", "x");
    ipc_stream *stream = (ipc_stream *)1, *writer = (ipc_stream *)1;
    if (ipc_popen_start(cmd, "-|", &stream) != -EMFILE || stream || strcmp(ipc_error_last_step(), "pipe") != 0) return 2;
    stream = (ipc_stream *)1;
    if (ipc_pipe_new(&stream, &writer) != -EMFILE || stream || writer) return 3;
    for (int i = 0; i < 8; i++) close(last - i);
    if (ipc_popen_start(cmd, "-|", &stream) <= 0) return 4;
    const char *line;
    return ipc_stream_readline(stream, &line) == 2 ? 0 : 5;
}

TEST(no_descriptor_left) { in_a_fork(out_of_descriptors); }

TEST(the_list_of_descriptors_is_small) {
    const char *said = output_of(list());
    CHECK(strncmp(said, "0 1 2 ", 6) == 0);
}
