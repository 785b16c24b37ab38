/* LSD radix sort of 64-bit keys with payload: streaming plus scatter.
 * args: seed n bits-per-pass */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint64_t key; uint32_t pay; } item;

int main(int argc, char **argv) {
    uint64_t x = argc > 1 ? strtoull(argv[1], 0, 0) : 3;
    int n = argc > 2 ? atoi(argv[2]) : 30000, bits = argc > 3 ? atoi(argv[3]) : 8;
    item *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    for (int i = 0; i < n; i++) {
        uint64_t z = (x += 0x9e3779b97f4a7c15ull);
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        a[i] = (item){z >> 24, i};
    }
    unsigned buckets = 1u << bits, *count = malloc(buckets * sizeof *count);
    for (int shift = 0; shift < 40; shift += bits) {
        memset(count, 0, buckets * sizeof *count);
        for (int i = 0; i < n; i++)
            count[a[i].key >> shift & (buckets - 1)]++;
        unsigned at = 0;
        for (unsigned k = 0; k < buckets; k++) {
            unsigned c = count[k];
            count[k] = at;
            at += c;
        }
        for (int i = 0; i < n; i++)
            b[count[a[i].key >> shift & (buckets - 1)]++] = a[i];
        item *t = a;
        a = b, b = t;
    }
    uint64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum = sum * 1099511628211ull + (a[i].key ^ a[i].pay);
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
