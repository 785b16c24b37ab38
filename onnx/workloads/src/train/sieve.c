/* Bit sieve of Eratosthenes, then a walk over the gaps between primes.
 * args: limit rounds */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    uint32_t limit = argc > 1 ? strtoul(argv[1], 0, 0) : 1000000;
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    uint64_t *bits = malloc(limit / 8 + 8);
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        uint32_t n = limit - r * 64;
        memset(bits, 0xff, n / 8 + 8);
        for (uint32_t p = 3; p * p <= n; p += 2)
            if (bits[p >> 6] >> (p & 63) & 1)
                for (uint32_t m = p * p; m <= n; m += 2 * p)
                    bits[m >> 6] &= ~(1ull << (m & 63));
        uint32_t last = 2;
        for (uint32_t p = 3; p <= n; p += 2)
            if (bits[p >> 6] >> (p & 63) & 1) {
                sum = sum * 17 + (p - last);
                last = p;
            }
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
