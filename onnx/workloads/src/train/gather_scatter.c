/* Gathers, scatters, read-modify-writes and compactions over a table of chosen size.
 * args: seed log2(table words) operations mode(0 gather, 1 scatter, 2 all in turn) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 512 };
static uint64_t state;
static uint32_t rnd(void) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33);
}

static uint64_t gather(const double *t, const uint32_t *at, double *out) {
    double sum = 0;
    for (int i = 0; i < BLOCK; i++)
        sum += out[i] = t[at[i]] * 1.5 + out[i];
    return (uint64_t)(int64_t)sum;
}

static void scatter(double *t, const uint32_t *at, const double *in) {
    for (int i = 0; i < BLOCK; i++)
        t[at[i]] = in[i] - i;
}

static void add_at(double *t, const uint32_t *at, double v) {
    for (int i = 0; i < BLOCK; i++)
        t[at[i]] += v;
}

static int compact(const double *t, uint32_t from, uint32_t mask, double *out) {
    int n = 0;
    for (int i = 0; i < BLOCK; i++) {
        double v = t[(from + (uint32_t)i * 3) & mask];
        if (v > 0)
            out[n++] = v;
    }
    return n;
}

int main(int argc, char **argv) {
    state = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int bits = argc > 2 ? atoi(argv[2]) : 16, ops = argc > 3 ? atoi(argv[3]) : 100;
    int mode = argc > 4 ? atoi(argv[4]) : 2;
    uint32_t mask = (1u << bits) - 1, at[BLOCK];
    double *table = calloc((size_t)mask + 1, sizeof *table), lane[BLOCK] = {0};
    uint64_t sum = 0;
    for (int o = 0; o < ops; o++) {
        uint32_t window = rnd() & mask;
        for (int i = 0; i < BLOCK; i++) /* every fourth block stays in a small window */
            at[i] = (o % 4 ? rnd() : window + rnd() % 700) & mask;
        switch (mode < 2 ? mode : o % 4) {
        case 0: sum += gather(table, at, lane); break;
        case 1: scatter(table, at, lane); break;
        case 2: add_at(table, at, o % 7 - 2); break;
        default: sum += (uint64_t)compact(table, window, mask, lane);
        }
        if (mode == 0)
            table[window] = o;
        if (mode == 1)
            sum += (uint64_t)(int64_t)table[at[o % BLOCK]];
        for (int i = 0; i < BLOCK; i += 64)
            lane[i] *= 0.25;
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
