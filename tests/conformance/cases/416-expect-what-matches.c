#include <perlipc.h>
#include <stdio.h>

static ipc_stream *spawn(void) {
    const char *words[] = {"printf", "hello 42 world.", NULL};
    ipc_cmd *cmd = ipc_cmd_argv(words);
    ipc_stream *s;
    ipc_cmd_option(cmd, "terminal", "raw");
    if (ipc_pty_open(cmd, 24, 80, &s) < 0) s = NULL;
    ipc_cmd_free(cmd);
    return s;
}

static void before(ipc_stream *s, int index) {
    size_t len;
    const char *text = ipc_expect_before(s, &len);
    printf("%d [%.*s]\n", index + 1, (int)len, text);
}

int main(void) {
    const char *patterns[] = {"(?i)HELLO", "h.*?l", "l+", "[^h]+", "(a|he)(l)", "\\d{2,}", "\\bwor", "o(x)?( )", "zz|42|he"};
    const int groups[] = {0, 0, 0, 0, 2, 0, 0, 2, 0};
    const char *texts[] = {"l+", ".", "o 4"};
    size_t len;
    for (int i = 0; i < 9; i++) {
        ipc_stream *s = spawn();
        ipc_expect *e = ipc_expect_new();
        if (ipc_expect_regex(e, patterns[i]) < 0) return 1;
        printf("%s: %d ", patterns[i], ipc_expect_wait(e, s, 5000) + 1);
        const char *text = ipc_expect_before(s, &len);
        printf("%.*s", (int)len, text);
        for (int g = 0; g <= groups[i]; g++) {
            text = ipc_expect_match(s, g, &len);
            if (text) printf("|%.*s", (int)len, text);
            else printf("|undef");
        }
        puts("");
        ipc_expect_free(e);
        ipc_stream_free(s);
    }
    for (int i = 0; i < 3; i++) {
        ipc_stream *s = spawn();
        ipc_expect *e = ipc_expect_new();
        ipc_expect_text(e, texts[i], i == 1 ? 1 : i == 0 ? 2 : 3);
        int index = ipc_expect_wait(e, s, 5000);
        printf("%s: ", texts[i]);
        if (index >= 0) before(s, index);
        else printf("undef [%.*s]\n", (int)(ipc_expect_before(s, &len) ? len : 0), (const char *)ipc_expect_before(s, &len));
        ipc_expect_free(e);
        ipc_stream_free(s);
    }
    ipc_stream *s = spawn();
    ipc_expect *e = ipc_expect_new();
    ipc_expect_text(e, "zz", 2);
    ipc_expect_text(e, "world", 5);
    ipc_expect_text(e, "hello", 5);
    before(s, ipc_expect_wait(e, s, 5000));
    ipc_expect_free(e);
    e = ipc_expect_new();
    ipc_expect_text(e, "hello", 5);
    ipc_expect_text(e, ".", 1);
    before(s, ipc_expect_wait(e, s, 5000));
    ipc_expect_free(e);
    ipc_stream_free(s);
    return 0;
}
