/* PageRank in push form over a power-law-like graph: scattered float adds.
 * args: vertices edges-per-vertex iterations */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 20000, d = argc > 2 ? atoi(argv[2]) : 6;
    int it = argc > 3 ? atoi(argv[3]) : 4;
    int *dst = malloc(sizeof(int) * n * d);
    float *rank = malloc(4 * n), *next = malloc(4 * n);
    uint32_t lfsr = 0xACE1u;
    for (int i = 0; i < n; i++) {
        rank[i] = 1.0f / n;
        for (int j = 0; j < d; j++) {
            lfsr = lfsr >> 1 ^ (-(lfsr & 1u) & 0xD0000001u);
            uint32_t r = lfsr % n;
            dst[i * d + j] = (j & 1) ? (int)((uint64_t)r * r / n) : (int)r;
        }
    }
    for (int t = 0; t < it; t++) {
        for (int i = 0; i < n; i++)
            next[i] = 0.15f / n;
        for (int i = 0; i < n; i++) {
            float share = 0.85f * rank[i] / d;
            for (int j = 0; j < d; j++)
                next[dst[i * d + j]] += share;
        }
        float *x = rank;
        rank = next, next = x;
    }
    double s = 0;
    for (int i = 0; i < n; i += 11)
        s += rank[i] * (i % 7 + 1);
    printf("checksum %.9f\n", s);
    return 0;
}
