/* The program on the terminal, and what the metrics are asked for: "fixed_32" is a text behind 32 MiB. */
#ifndef TELLER_H
#define TELLER_H
#include "bench.h"
#include <sys/resource.h>

static char teller_path[4096], megabytes[16] = "1";
static char *hi_argv[] = {teller_path, "hi", 0};
static char *answer_argv[] = {teller_path, "answer", 0};
static char *flood_argv[] = {teller_path, "flood", megabytes, 0};

/* Whether it is a search, and for what; how many MiB. */
static inline long searched(const char *what, int *regex) {
    const char *dir = getenv("BENCH_BIN");
    snprintf(teller_path, sizeof teller_path, "%s/teller", dir ? dir : ".");
    const char *number = strchr(what, '_');
    *regex = strncmp(what, "regex_", 6) == 0;
    if (!number || (!*regex && strncmp(what, "fixed_", 6) != 0)) return 0;
    snprintf(megabytes, sizeof megabytes, "%ld", atol(number + 1));
    return atol(megabytes);
}

/* However much was read: what is kept of it is bounded. */
static inline void small(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    if (used.ru_maxrss > 64 * 1024) wrong("KiB of resident memory", used.ru_maxrss);
}
#endif
