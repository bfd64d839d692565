/* What the C contenders of all areas share; README.md says what a contender does. */
#ifndef BENCH_H
#define BENCH_H
#define _GNU_SOURCE
#include <gnu/libc-version.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

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

/* Touches as much memory as the metric says. */
static inline void prepare(void) {
    const char *touch = getenv("BENCH_TOUCH");
    size_t size = touch ? strtoull(touch, 0, 10) : 0;
    if (size > 0) {
        char *all = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) fail("mmap");
        for (size_t at = 0; at < size; at += 4096) ((volatile char *)all)[at] = 1;
    }
}

/* The least that a call of a shared library costs: this one gives back a constant. */
static inline void empty_call(void) {
    if (!gnu_get_libc_version()) wrong("version", 0);
}

static inline int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Does it for the time of BENCH_BOX (seconds), `count` times between two looks at the clock, and prints the lower
   quartile of the time for one: what other processes take away does not count. */
#define BATCHES(count, ...)                                                                         \
    do {                                                                                            \
        static uint64_t took[1 << 17];                                                              \
        const char *box_ = getenv("BENCH_BOX");                                                     \
        const long count_ = (count);                                                                \
        size_t n_ = 0;                                                                              \
        { __VA_ARGS__; }                                                                            \
        { __VA_ARGS__; }                                                                            \
        uint64_t from_ = now(), end_ = from_ + (uint64_t)((box_ ? atof(box_) : 0.1) * 1e9);         \
        do {                                                                                        \
            for (long i_ = 0; i_ < count_; i_++) { __VA_ARGS__; }                                   \
            uint64_t to_ = now();                                                                   \
            took[n_++] = to_ - from_;                                                               \
            from_ = to_;                                                                            \
        } while (from_ < end_ && n_ < sizeof took / sizeof *took);                                  \
        qsort(took, n_, sizeof *took, by_size);                                                     \
        printf("%.4f\n", (double)took[n_ / 4] / (double)count_);                                    \
    } while (0)

/* The same, each time measured by itself: for what takes microseconds. */
#define OFTEN(...) BATCHES(1, __VA_ARGS__)

/* Does it once, and prints the time of one of `count`. */
#define ONCE(count, ...)                                                                            \
    do {                                                                                            \
        uint64_t from_ = now();                                                                     \
        { __VA_ARGS__; }                                                                            \
        printf("%.4f\n", (double)(now() - from_) / (double)(count));                                \
    } while (0)
#endif
