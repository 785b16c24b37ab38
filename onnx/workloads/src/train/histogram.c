/* Histograms, prefix sums, counting joins: stores that collide with the next load.
 * args: seed log2(bins) passes skew(0 flat, larger: more collisions) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 8192 };
static uint32_t value[N], order[N];

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int bits = argc > 2 ? atoi(argv[2]) : 8, passes = argc > 3 ? atoi(argv[3]) : 10;
    int skew = argc > 4 ? atoi(argv[4]) : 0;
    uint32_t bins = 1u << bits;
    uint32_t *count = calloc(bins + 1, 4);
    struct { uint64_t sum; uint32_t low, high; } *stat = calloc(bins, sizeof *stat);
    uint64_t check = 0;
    for (int p = 0; p < passes; p++) {
        for (int i = 0; i < N; i++) {
            s = s * 747796405u + 2891336453u;
            uint32_t v = (s >> ((s >> 28) + 4)) ^ s;
            for (int k = 0; k < skew; k++)
                v &= v >> (3 + k);
            value[i] = v;
        }
        uint32_t mask = bins - 1;
        for (int i = 0; i < N; i++)
            count[value[i] & mask]++;
        for (int i = 0; i < N; i++) {
            uint32_t b = value[i] & mask, v = value[i];
            stat[b].sum += v;
            if (v < stat[b].low)
                stat[b].low = v;
            if (v > stat[b].high)
                stat[b].high = v;
        }
        /* A stable counting order of at most 4096 bins. */
        uint32_t small = bins < 4096 ? bins : 4096, run = 0, from[4096];
        for (uint32_t b = 0; b < small; b++)
            from[b] = 0;
        for (int i = 0; i < N; i++)
            from[value[i] & (small - 1)]++;
        for (uint32_t b = 0; b < small; b++) {
            uint32_t c = from[b];
            from[b] = run;
            run += c;
        }
        for (int i = 0; i < N; i++)
            order[from[value[i] & (small - 1)]++] = value[i];
        for (int i = 1; i < N; i++)
            check += (order[i] > order[i - 1]) + (count[order[i] & mask] & 1);
        check = check * 5 + stat[s & mask].sum + stat[(s >> 9) & mask].high;
    }
    printf("checksum %016llx\n", (unsigned long long)check);
    return 0;
}
