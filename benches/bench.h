/* What the C contenders share. A contender is called as "NAME METRIC", does what the metric says, and prints one number:
   nanoseconds for one operation. Where it has nothing to offer for a metric it exits with 77. */
#ifndef BENCH_H
#define BENCH_H
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define LINES 5000000L
#define BYTES (64L << 20)

static inline uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}

static inline void wrong(const char *what, long long got) {
    fprintf(stderr, "%s: got %lld\n", what, got);
    exit(1);
}

/* The paths of the children, as argument vectors. */
static char tiny_path[4096], talk_path[4096];
static char *tiny_argv[] = {tiny_path, 0};
static char *true_argv[] = {"/bin/true", 0};
static char *line_argv[] = {talk_path, "line", 0};
static char *bytes_argv[] = {talk_path, "bytes", "67108864", 0};
static char *lines_argv[] = {talk_path, "lines", "5000000", 0};

/* Touches as much memory as the metric says, and raises the limit of descriptors. */
static inline void prepare(void) {
    const char *dir = getenv("BENCH_BIN");
    const char *touch = getenv("BENCH_TOUCH");
    snprintf(tiny_path, sizeof tiny_path, "%s/tiny", dir ? dir : ".");
    snprintf(talk_path, sizeof talk_path, "%s/talk", dir ? dir : ".");
    size_t size = touch ? strtoull(touch, 0, 10) : 0;
    if (size > 0) {
        char *all = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) fail("mmap");
        for (size_t at = 0; at < size; at += 4096) ((volatile char *)all)[at] = 1;
    }
}

static inline int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Does `op` for the time of BENCH_BOX (seconds), each time measured by itself, and prints the lower quartile: what
   other processes take away does not count. */
#define OFTEN(...)                                                                                  \
    do {                                                                                            \
        static uint64_t took[1 << 17];                                                              \
        const char *box_ = getenv("BENCH_BOX");                                                     \
        size_t n_ = 0;                                                                              \
        { __VA_ARGS__; }                                                                            \
        { __VA_ARGS__; }                                                                            \
        uint64_t from_ = now(), end_ = from_ + (uint64_t)((box_ ? atof(box_) : 0.1) * 1e9);         \
        do {                                                                                        \
            { __VA_ARGS__; }                                                                        \
            uint64_t to_ = now();                                                                   \
            took[n_++] = to_ - from_;                                                               \
            from_ = to_;                                                                            \
        } while (from_ < end_ && n_ < sizeof took / sizeof *took);                                  \
        qsort(took, n_, sizeof *took, by_size);                                                     \
        printf("%.2f\n", (double)took[n_ / 4]);                                                     \
    } while (0)

/* Does it once, and prints the time of one of `count`. */
#define ONCE(count, ...)                                                                            \
    do {                                                                                            \
        uint64_t from_ = now();                                                                     \
        { __VA_ARGS__; }                                                                            \
        printf("%.4f\n", (double)(now() - from_) / (double)(count));                                \
    } while (0)
#endif
