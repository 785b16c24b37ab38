// Loads that depend on each other, over lines in an order that no prefetcher guesses:
//   chase BYTES STEPS
// BYTES is a power of two. Every line is touched twice before the STEPS loads begin, so that
// the difference between two STEPS is the time of loads that find their lines where they stay.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE = 64, UNROLLED = 16 };

static char *follow(char *at, uint64_t steps) {
#pragma GCC unroll 16
    for (uint64_t i = 0; i < steps; i++)
        at = *(char *volatile *)at;
    return at;
}

int main(int argc, char **argv) {
    uint64_t bytes = argc == 3 ? strtoull(argv[1], 0, 10) : 0;
    uint64_t steps = argc == 3 ? strtoull(argv[2], 0, 10) : 0;
    if (bytes < 2 * LINE || bytes & (bytes - 1) || steps % UNROLLED) {
        fprintf(stderr, "usage: chase BYTES STEPS (a power of two, a multiple of %d)\n", UNROLLED);
        return 2;
    }
    uint64_t lines = bytes / LINE;
    char *base = aligned_alloc(4096, bytes < 4096 ? 4096 : bytes);
    if (!base) {
        perror("chase");
        return 1;
    }
    // A linear congruential generator of full period visits every line once.
    for (uint64_t i = 0; i < lines; i++)
        *(char **)(base + i * LINE) = base + (i * 1664525 + 1013904223) % lines * LINE;
    char *at = follow(base, lines - lines % UNROLLED);
    return follow(at, steps) == 0;
}
