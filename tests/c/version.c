/* Versions, and what this kernel gives. */
#include "check.h"

#if PERLIPC_VERSION < 0x000100
#error "the header's version is not to be compared"
#endif

TEST(header_and_library_agree) {
    char text[32];
    SAME(ipc_version(), PERLIPC_VERSION);
    snprintf(text, sizeof text, "%d.%d.%d", PERLIPC_VERSION_MAJOR, PERLIPC_VERSION_MINOR, PERLIPC_VERSION_PATCH);
    TEXT(ipc_version_string(), text);
    SAME(ipc_version() >> 16, PERLIPC_VERSION_MAJOR);
}

TEST(features_are_yes_or_no) {
    const char *words[] = {"clone3", "close-range", "pidfd", "pidfd-exit", "nowait", "nosignal"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int32_t has = ipc_version_has(words[i]);
        CHECK(has == 0 || has == 1);
        printf("kernel has %s: %s\n", words[i], has ? "yes" : "no");
    }
}

TEST(unknown_features_are_errors) {
    FAILS(ipc_version_has("telepathy"), PERLIPC_E_INVALID, "version");
    FAILS(ipc_version_has(""), PERLIPC_E_INVALID, "version");
    FAILS(ipc_version_has(NULL), PERLIPC_E_INVALID, "version");
    FAILS(ipc_version_has("\xff"), PERLIPC_E_INVALID, "version");
    SAME(errno, EINVAL);
}
