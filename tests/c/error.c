/* Result codes, their names and texts, and what failed last in each thread. */
#include "check.h"

static int32_t fail_with_enoent(void) {
    ipc_cmd *cmd = CMD("/no/such/program");
    ipc_child *child = (ipc_child *)1;
    int32_t result = ipc_cmd_start(cmd, &child);
    CHECK(child == NULL);
    ipc_cmd_free(cmd);
    return result;
}

TEST(names_and_texts) {
    TEXT(ipc_error_name(-ENOENT), "ENOENT");
    TEXT(ipc_error_name(ENOENT), "ENOENT");
    TEXT(ipc_error_name(-ETIMEDOUT), "ETIMEDOUT");
    TEXT(ipc_error_name(PERLIPC_E_BUSY), "PERLIPC_E_BUSY");
    TEXT(ipc_error_name(-99999), "?");
    TEXT(ipc_error_name(INT32_MIN), "?");
    TEXT(ipc_error_text(-ENOENT), "No such file or directory");
    TEXT(ipc_error_text(ENOENT), "No such file or directory");
    CHECK(strlen(ipc_error_text(-99999)) > 0);
    CHECK(strlen(ipc_error_text(INT32_MIN)) > 0);
}

TEST(own_codes_have_names_texts_and_twins) {
    static const struct { int32_t code; const char *name; int twin; } own[] = {
        {PERLIPC_E_HANDLER, "PERLIPC_E_HANDLER", EINTR},     {PERLIPC_E_CANCELED, "PERLIPC_E_CANCELED", ECANCELED},
        {PERLIPC_E_CLOSED, "PERLIPC_E_CLOSED", EBADF},       {PERLIPC_E_BUSY, "PERLIPC_E_BUSY", EBUSY},
        {PERLIPC_E_INVALID, "PERLIPC_E_INVALID", EINVAL},    {PERLIPC_E_THREADS, "PERLIPC_E_THREADS", EPERM},
        {PERLIPC_E_TOO_LONG, "PERLIPC_E_TOO_LONG", EMSGSIZE}, {PERLIPC_E_STATUS, "PERLIPC_E_STATUS", EINVAL},
        {PERLIPC_E_DEFECT, "PERLIPC_E_DEFECT", EIO},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        SAME(own[i].code, -10001 - (int)i);
        TEXT(ipc_error_name(own[i].code), own[i].name);
        SAME(ipc_error_errno(own[i].code), own[i].twin);
        CHECK(strcmp(ipc_error_text(own[i].code), "") != 0);
    }
    SAME(ipc_error_errno(-ENOENT), ENOENT);
    SAME(ipc_error_errno(0), 0);
    SAME(ipc_error_errno(42), 0);
}

TEST(the_last_failure) {
    errno = 0;
    SAME(fail_with_enoent(), -ENOENT);
    SAME(ipc_error_last_code(), -ENOENT);
    TEXT(ipc_error_last_text(), "exec /no/such/program: No such file or directory");
    TEXT(ipc_error_last_step(), "exec");
    TEXT(ipc_error_last_path(), "/no/such/program");
    /* A success leaves it. */
    CHECK(ipc_signal_number("INT") == SIGINT);
    SAME(ipc_error_last_code(), -ENOENT);
    /* The next failure takes its place, here one that is about nothing. */
    SAME(ipc_signal_number("NOSUCH"), PERLIPC_E_INVALID);
    SAME(ipc_error_last_code(), PERLIPC_E_INVALID);
    TEXT(ipc_error_last_step(), "signal");
    TEXT(ipc_error_last_path(), "");
    TEXT(ipc_error_last_text(), "signal: no such signal: \"NOSUCH\"");
    /* A name that is no text is given back as it is. */
    ipc_cmd *cmd = CMD("/no/such\377");
    ipc_child *child;
    SAME(ipc_cmd_start(cmd, &child), -ENOENT);
    TEXT(ipc_error_last_path(), "/no/such\377");
    ipc_cmd_free(cmd);
}

TEST(errno_is_set_as_well) {
    errno = 0;
    SAME(fail_with_enoent(), -ENOENT);
    SAME(ipc_signal_number("?"), PERLIPC_E_INVALID);
    SAME(errno, EINVAL);
}

static void *other_thread(void *arg) {
    (void)arg;
    SAME(ipc_error_last_code(), 0);
    TEXT(ipc_error_last_text(), "");
    TEXT(ipc_error_last_step(), "");
    TEXT(ipc_error_last_path(), "");
    SAME(ipc_error_last_by_limit(), 0);
    SAME(ipc_signal_number("NOSUCH"), PERLIPC_E_INVALID);
    return NULL;
}

TEST(each_thread_has_its_own) {
    pthread_t thread;
    SAME(fail_with_enoent(), -ENOENT);
    SAME(pthread_create(&thread, NULL, other_thread, NULL), 0);
    SAME(pthread_join(thread, NULL), 0);
    SAME(ipc_error_last_code(), -ENOENT);
}
