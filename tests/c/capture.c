/* Backticks: input fed, outputs drained, a deadline that holds, partial output and status at it. */
#include "check.h"

static ipc_capture *run(ipc_cmd *cmd, const char *input, int32_t timeout_ms, int32_t want) {
    ipc_capture *capture = NULL;
    SAME(ipc_capture_run(cmd, input, input ? strlen(input) : 0, timeout_ms, &capture), want);
    ipc_cmd_free(cmd);
    return capture;
}

static const char *text_of(const void *bytes, size_t len) {
    static char text[4096];
    if (len >= sizeof text) len = sizeof text - 1;
    if (bytes) memcpy(text, bytes, len);
    text[bytes ? len : 0] = 0;
    return text;
}

static const char *out(ipc_capture *capture) {
    size_t len;
    const void *bytes = ipc_capture_output(capture, &len);
    return text_of(bytes, len);
}

static const char *err(ipc_capture *capture) {
    size_t len;
    const void *bytes = ipc_capture_errors(capture, &len);
    return text_of(bytes, len);
}

TEST(both_outputs_and_the_status) {
    ipc_capture *capture = run(CMD("sh", "-c", "echo out; echo err >&2; exit 4"), NULL, -1, 0);
    TEXT(out(capture), "out\n");
    TEXT(err(capture), "err\n");
    SAME(ipc_status_code(ipc_capture_status(capture)), 4);
    SAME(ipc_capture_timed_out(capture), 0);
    SAME(ipc_capture_dropped(capture, 1), 0);
    SAME(ipc_capture_dropped(capture, 2), 0);
    ipc_capture_free(capture);
    ipc_capture_free(NULL);
}

TEST(input_is_fed) {
    ipc_capture *capture = run(CMD("tr", "a-z", "A-Z"), "shout", -1, 0);
    TEXT(out(capture), "SHOUT");
    ipc_capture_free(capture);
    capture = run(CMD("cat"), "", -1, 0); /* an empty input is an end at once */
    TEXT(out(capture), "");
    SAME(ipc_capture_status(capture), 0);
    ipc_capture_free(capture);
    /* One that does not want to hear it is no failure. */
    size_t size = 1 << 20;
    char *much = calloc(1, size);
    ipc_cmd *cmd = CMD("true");
    SAME(ipc_capture_run(cmd, much, size, -1, &capture), 0);
    SAME(ipc_capture_status(capture), 0);
    ipc_capture_free(capture);
    ipc_cmd_free(cmd);
    free(much);
}

TEST(no_full_pipe_stands_in_the_way) {
    size_t size = 4 << 20, len;
    char *much = malloc(size);
    ipc_capture *capture;
    for (size_t i = 0; i < size; i++) much[i] = (char)(i * 31 % 251);
    ipc_cmd *cmd = CMD("sh", "-c", "tee /dev/stderr");
    SAME(ipc_capture_run(cmd, much, size, 60000, &capture), 0);
    const char *bytes = ipc_capture_output(capture, &len);
    SAME(len, size);
    CHECK(len == size && memcmp(bytes, much, size) == 0);
    bytes = ipc_capture_errors(capture, &len);
    SAME(len, size);
    CHECK(len == size && memcmp(bytes, much, size) == 0);
    ipc_capture_free(capture);
    ipc_cmd_free(cmd);
    free(much);
}

TEST(a_limit_keeps_both_ends) {
    ipc_cmd *cmd = CMD("sh", "-c", "printf 'head%0100dtail' 0; printf 0123456789 >&2");
    SAME(ipc_cmd_option(cmd, "keep", "8"), 0);
    ipc_capture *capture = run(cmd, NULL, -1, 0);
    TEXT(out(capture), "headtail");
    SAME(ipc_capture_dropped(capture, 1), 100);
    TEXT(err(capture), "01236789");
    SAME(ipc_capture_dropped(capture, 2), 2);
    ipc_capture_free(capture);
}

TEST(partial_output_and_status_at_the_deadline) {
    ipc_capture *capture = NULL;
    double took = 0;
    /* It must have come so far by then: as much time as it needs. */
    for (int ms = 200; ms < 20000 && strcmp(err(capture), "complaint\n") != 0; ms *= 2) {
        ipc_capture_free(capture);
        ipc_cmd *cmd = CMD("sh", "-c", "echo partial; echo complaint >&2; sleep 60");
        SAME(ipc_cmd_grace(cmd, 0), 0);
        double begin = now_ms();
        capture = run(cmd, NULL, ms, -ETIMEDOUT);
        took = now_ms() - begin;
    }
    CHECK(took < 30000);
    TEXT(ipc_error_last_step(), "capture");
    CHECK(capture != NULL);
    TEXT(out(capture), "partial\n");
    TEXT(err(capture), "complaint\n");
    SAME(ipc_capture_timed_out(capture), 1);
    SAME(ipc_status_signal(ipc_capture_status(capture)), SIGKILL);
    ipc_capture_free(capture);
}

TEST(a_descendant_that_keeps_the_pipe_keeps_nobody_waiting) {
    int ends[2];
    SAME(pipe2(ends, O_CLOEXEC), 0);
    ipc_capture *capture = NULL;
    for (int ms = 200; ms < 20000 && strcmp(out(capture), "said\n") != 0; ms *= 2) {
        ipc_capture_free(capture);
        /* It leaves the tree: a session of its own, and its parent gone. It ends when the pipe does. */
        ipc_cmd *cmd = CMD("sh", "-c", "(exec setsid sh -c 'echo said; read x <&3' &) ; exit 0");
        SAME(ipc_cmd_grace(cmd, 0), 0);
        SAME(ipc_cmd_pass(cmd, 3, ends[0]), 0);
        capture = run(cmd, NULL, ms, -ETIMEDOUT);
    }
    TEXT(out(capture), "said\n");
    ipc_capture_free(capture);
    close(ends[0]);
    close(ends[1]);
}

TEST(what_cannot_be_started) {
    ipc_capture *capture = (ipc_capture *)1;
    ipc_cmd *cmd = CMD("/no/such/program");
    FAILS(ipc_capture_run(cmd, NULL, 0, -1, &capture), -ENOENT, "exec");
    CHECK(capture == NULL);
    ipc_cmd_free(cmd);
    cmd = CMD("cat");
    FAILS(ipc_capture_run(NULL, NULL, 0, -1, &capture), PERLIPC_E_INVALID, "cmd");
    FAILS(ipc_capture_run(cmd, NULL, 0, -1, NULL), PERLIPC_E_INVALID, "capture");
    SAME(ipc_cmd_redirect(cmd, 0, "null"), 0);
    FAILS(ipc_capture_run(cmd, "x", 1, -1, &capture), PERLIPC_E_INVALID, "capture");
    SAME(ipc_cmd_redirect(cmd, 1, "null"), 0);
    SAME(ipc_cmd_redirect(cmd, 2, "null"), 0);
    FAILS(ipc_capture_run(cmd, NULL, 0, -1, &capture), PERLIPC_E_INVALID, "capture");
    ipc_cmd_free(cmd);
}

TEST(wrong_handles) {
    size_t len = 7;
    ipc_cmd *cmd = CMD("true");
    const ipc_capture *wrong = (const ipc_capture *)(void *)cmd;
    CHECK(ipc_capture_output(NULL, &len) == NULL);
    SAME(len, 0);
    SAME(ipc_error_last_code(), PERLIPC_E_INVALID);
    CHECK(ipc_capture_errors(wrong, NULL) == NULL);
    FAILS(ipc_capture_dropped(NULL, 1), PERLIPC_E_INVALID, "capture");
    SAME(ipc_capture_status(NULL), -1);
    FAILS(ipc_capture_timed_out(wrong), PERLIPC_E_INVALID, "capture");
    ipc_cmd_free(cmd);
}

static void *capture_in_thread(void *arg) {
    for (int i = 0; i < 20; i++) {
        char want[32], script[48];
        snprintf(want, sizeof want, "%d.%d\n", *(int *)arg, i);
        snprintf(script, sizeof script, "echo %d.%d", *(int *)arg, i);
        ipc_cmd *cmd = CMD("sh", "-c", script);
        ipc_capture *capture;
        size_t len;
        SAME(ipc_capture_run(cmd, NULL, 0, -1, &capture), 0);
        const char *bytes = ipc_capture_output(capture, &len);
        CHECK(len == strlen(want) && memcmp(bytes, want, len) == 0);
        ipc_capture_free(capture);
        ipc_cmd_free(cmd);
    }
    return NULL;
}

TEST(threads_at_once) {
    pthread_t threads[6];
    int numbers[6];
    for (int i = 0; i < 6; i++) {
        numbers[i] = i;
        SAME(pthread_create(&threads[i], NULL, capture_in_thread, &numbers[i]), 0);
    }
    for (int i = 0; i < 6; i++) SAME(pthread_join(threads[i], NULL), 0);
}
