/* Sequence work: Smith-Waterman with affine gaps, k-mer counting in a cuckoo table, a
 * de Bruijn walk, a bloom filter. args: seed genome reads part(0 align, 1 graph, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { K = 15, READ = 100 };
static uint64_t s;
static uint32_t rnd(void) {
    s = s * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(s >> 33);
}

static int align(const uint8_t *a, int n, const uint8_t *b, int m) {
    static int16_t h[1024], e[1024];
    int best = 0;
    memset(h, 0, sizeof h);
    memset(e, 0, sizeof e);
    for (int i = 0; i < n; i++) {
        int diagonal = 0, f = 0, left = 0;
        for (int j = 1; j <= m; j++) {
            int v = diagonal + (a[i] == b[j - 1] ? 2 : -3);
            diagonal = h[j];
            e[j] = (int16_t)(e[j] - 1 > h[j] - 5 ? e[j] - 1 : h[j] - 5);
            f = f - 1 > left - 5 ? f - 1 : left - 5;
            v = v < e[j] ? e[j] : v;
            v = v < f ? f : v;
            v = v < 0 ? 0 : v;
            best = v > best ? v : best;
            left = v;
            h[j] = (int16_t)v;
        }
    }
    return best;
}

typedef struct { uint32_t key; uint16_t count, links; } slot;
static slot *table;
static uint32_t mask;
static uint64_t *bloom, bloom_mask;
static long kicks;

static uint32_t place(uint32_t k, int which) {
    k *= which ? 0x85ebca6bu : 0x9e3779b1u;
    return (k ^ k >> 15) & mask;
}

static slot *find(uint32_t k) {
    for (int w = 0; w < 2; w++) {
        slot *b = table + (place(k, w) & ~3u);
        for (int i = 0; i < 4; i++)
            if (b[i].key == k && b[i].count)
                return b + i;
    }
    return NULL;
}

static void count(uint32_t k, int link) {
    uint64_t h = k * 0x9e3779b97f4a7c15ull;
    uint64_t b1 = h >> 40 & bloom_mask, b2 = h >> 20 & bloom_mask, seen;
    seen = bloom[b1 / 64] >> (b1 % 64) & bloom[b2 / 64] >> (b2 % 64) & 1;
    bloom[b1 / 64] |= 1ull << (b1 % 64);
    bloom[b2 / 64] |= 1ull << (b2 % 64);
    if (!seen) /* single k-mers are mostly errors */
        return;
    slot *at = find(k), now = {k, 1, (uint16_t)(1 << link)};
    if (at) {
        at->count++;
        at->links |= (uint16_t)(1 << link);
        return;
    }
    for (int turn = 0; turn < 200; turn++) {
        for (int w = 0; w < 2; w++) {
            slot *b = table + (place(now.key, w) & ~3u);
            for (int i = 0; i < 4; i++)
                if (!b[i].count) {
                    b[i] = now;
                    return;
                }
        }
        slot *out = table + (place(now.key, turn & 1) & ~3u) + (rnd() & 3), t = *out;
        *out = now;
        now = t;
        kicks++;
    }
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 2000, reads = argc > 3 ? atoi(argv[3]) : 100;
    int part = argc > 4 ? atoi(argv[4]) : 2;
    uint8_t *genome = malloc(n + READ), read[READ + 1];
    for (int i = 0; i < n + READ; i++)
        genome[i] = rnd() & 3;
    for (mask = 1023; mask < (uint32_t)n * 2; mask = mask * 2 + 1)
        ;
    table = calloc(mask + 1, sizeof(slot));
    bloom_mask = mask * 8ull + 7;
    bloom = calloc(bloom_mask / 64 + 1, 8);
    uint64_t sum = 0;
    for (int r = 0; r < reads; r++) {
        int at = (int)(rnd() % (uint32_t)n);
        memcpy(read, genome + at, READ);
        if (rnd() & 1)
            read[rnd() % READ] ^= 1;
        if (part != 1 && r % (part ? 8 : 1) == 0) {
            int from = at > 20 ? at - 20 : 0;
            sum = sum * 3 + (uint64_t)align(read, READ, genome + from, READ + 20);
        }
        if (part) {
            uint32_t k = 0;
            for (int i = 0; i < READ; i++) {
                k = (k << 2 | read[i]) & ((1u << 2 * K) - 1);
                if (i >= K - 1 && i + 1 < READ)
                    count(k, read[i + 1]);
            }
        }
    }
    for (int walk = 0; part && walk < reads / 4; walk++) {
        uint32_t k = 0;
        int at = (int)(rnd() % (uint32_t)(n - K)), steps = 0;
        for (int i = 0; i < K; i++)
            k = k << 2 | genome[at + i];
        slot *p;
        while ((p = find(k)) && steps++ < 60)
            k = (k << 2 | (uint32_t)__builtin_ctz(p->links | 16)) & ((1u << 2 * K) - 1);
        sum = sum * 5 + (uint64_t)steps + k;
    }
    printf("checksum %016llx %ld\n", (unsigned long long)sum, kicks);
    return 0;
}
