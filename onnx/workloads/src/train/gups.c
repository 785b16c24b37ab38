/* Random read-modify-write updates over a large zeroed table.
 * args: log2(words) updates */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int lg = argc > 1 ? atoi(argv[1]) : 22;
    uint32_t n = argc > 2 ? strtoul(argv[2], 0, 0) : 400000;
    uint64_t mask = (1ull << lg) - 1, r = 1, sum = 0;
    uint64_t *t = calloc(mask + 1, 8);
    for (uint32_t i = 0; i < n; i++) {
        r = r << 1 ^ ((int64_t)r < 0 ? 7 : 0);
        uint64_t at = (r * 0x9e3779b97f4a7c15ull) >> (64 - lg);
        t[at] ^= r + i;
        sum += t[at & ~1ull];
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
