/* The children of this area, as argument vectors. */
#ifndef CHILDREN_H
#define CHILDREN_H
#include "bench.h"

#define LINES 5000000L
#define BYTES (64L << 20)

static char tiny_path[4096], talk_path[4096];
static char *tiny_argv[] = {tiny_path, 0};
static char *line_argv[] = {talk_path, "line", 0};
__attribute__((unused)) static char *true_argv[] = {"/bin/true", 0};
__attribute__((unused)) static char *bytes_argv[] = {talk_path, "bytes", "67108864", 0};
__attribute__((unused)) static char *lines_argv[] = {talk_path, "lines", "5000000", 0};

static inline void find_children(void) {
    const char *dir = getenv("BENCH_BIN");
    snprintf(tiny_path, sizeof tiny_path, "%s/tiny", dir ? dir : ".");
    snprintf(talk_path, sizeof talk_path, "%s/talk", dir ? dir : ".");
}
#endif
