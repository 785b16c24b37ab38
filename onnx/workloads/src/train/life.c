/* Game of Life on 64-bit words: carry-save neighbour counts.
 * args: words-per-row rows generations */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 16, h = argc > 2 ? atoi(argv[2]) : 256;
    int gens = argc > 3 ? atoi(argv[3]) : 10;
    uint64_t *a = calloc((size_t)w * h, 8), *b = calloc((size_t)w * h, 8), x = 0x2545f4914f6cdd1dull;
    for (int i = 0; i < w * h; i++) {
        x = x * 3935559000370003845ull + 2691343689449507681ull;
        a[i] = x & x >> 7;
    }
    for (int g = 0; g < gens; g++) {
        for (int y = 0; y < h; y++)
            for (int i = 0; i < w; i++) {
                uint64_t one = 0, two = 0, four = 0;
                for (int dy = -1; dy <= 1; dy++) {
                    const uint64_t *r = a + (size_t)((y + dy + h) % h) * w;
                    uint64_t c = r[i], l = r[(i + w - 1) % w], n = r[(i + 1) % w];
                    uint64_t v[3] = {c << 1 | l >> 63, c >> 1 | n << 63, dy ? c : 0};
                    for (int k = 0; k < 3; k++) {
                        uint64_t t = one & v[k];
                        one ^= v[k];
                        four |= two & t;
                        two ^= t;
                    }
                }
                b[y * w + i] = two & ~four & (one | a[y * w + i]);
            }
        uint64_t *t = a;
        a = b, b = t;
    }
    uint64_t sum = 0;
    for (int i = 0; i < w * h; i++)
        sum = sum * 31 + a[i];
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
