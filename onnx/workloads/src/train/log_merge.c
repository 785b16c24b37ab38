/* A log-structured store: sorted memory table, immutable runs with bloom filters and block
 * indexes, tiered merges, point and range reads. args: seed operations keys reads(percent) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 256, LEVELS = 8, BLOCK = 16 };
typedef struct { uint64_t key; uint32_t value, serial; } item;
typedef struct { item *at; uint64_t *bloom, *index; int n; uint64_t mask; } run;
static item memory[MEMORY];
static int filled;
static run level[LEVELS];
static uint64_t s, checks, written;

static uint32_t rnd(void) {
    s ^= s << 13, s ^= s >> 7, s ^= s << 17;
    return (uint32_t)(s >> 11);
}

static uint64_t mix(uint64_t k) {
    k = (k ^ k >> 30) * 0xbf58476d1ce4e5b9ull;
    return (k ^ k >> 27) * 0x94d049bb133111ebull;
}

static void seal(run *r) {
    for (r->mask = 63; r->mask < (uint64_t)r->n * 8; r->mask = r->mask * 2 + 1)
        ;
    r->bloom = calloc(r->mask / 64 + 1, 8);
    r->index = malloc(8 * (size_t)(r->n / BLOCK + 1));
    for (int i = 0; i < r->n; i++) {
        uint64_t h = mix(r->at[i].key);
        for (int k = 0; k < 3; k++, h = h >> 20 | h << 44)
            r->bloom[(h & r->mask) / 64] |= 1ull << (h & 63);
        if (i % BLOCK == 0)
            r->index[i / BLOCK] = r->at[i].key;
    }
}

static void drop(run *r) {
    free(r->at), free(r->bloom), free(r->index);
    memset(r, 0, sizeof *r);
}

static run merged(const run *newer, const run *older) {
    run out = {.at = malloc(sizeof(item) * (size_t)(newer->n + older->n))};
    const item *a = newer->at, *ae = a + newer->n, *b = older->at, *be = b + older->n;
    while (a < ae && b < be) {
        if (a->key < b->key) {
            out.at[out.n++] = *a++;
        } else if (a->key > b->key) {
            out.at[out.n++] = *b++;
        } else {
            out.at[out.n++] = *a++;
            b++;
        }
    }
    memcpy(out.at + out.n, a, sizeof(item) * (size_t)(ae - a));
    out.n += (int)(ae - a);
    memcpy(out.at + out.n, b, sizeof(item) * (size_t)(be - b));
    out.n += (int)(be - b);
    written += (uint64_t)out.n;
    return out;
}

static void flush(void) {
    run r = {.at = malloc(sizeof memory), .n = filled};
    memcpy(r.at, memory, sizeof(item) * (size_t)filled);
    filled = 0;
    int l = 0;
    for (; l < LEVELS - 1 && level[l].n; l++) {
        run m = merged(&r, level + l);
        drop(level + l);
        free(r.at);
        r = m;
    }
    seal(&r);
    level[l] = r;
}

static void put(uint64_t key, uint32_t value) {
    int lo = 0, hi = filled;
    while (lo < hi) {
        int m = (lo + hi) / 2;
        if (memory[m].key < key)
            lo = m + 1;
        else
            hi = m;
    }
    if (lo < filled && memory[lo].key == key) {
        memory[lo].value = value;
        return;
    }
    memmove(memory + lo + 1, memory + lo, sizeof(item) * (size_t)(filled - lo));
    memory[lo] = (item){key, value, (uint32_t)filled};
    if (++filled == MEMORY)
        flush();
}

static const item *seek(const run *r, uint64_t key) { /* the first item not below */
    int lo = 0, hi = (r->n - 1) / BLOCK;
    while (lo < hi) {
        int m = (lo + hi + 1) / 2;
        if (r->index[m] <= key)
            lo = m;
        else
            hi = m - 1;
    }
    const item *at = r->at + lo * BLOCK, *end = r->at + r->n;
    while (at < end && at->key < key)
        at++;
    return at;
}

static int get(uint64_t key, uint32_t *value) {
    int i = 0;
    while (i < filled && memory[i].key < key)
        i += i + 16 < filled && memory[i + 16].key < key ? 16 : 1;
    if (i < filled && memory[i].key == key) {
        *value = memory[i].value;
        return 1;
    }
    for (int l = 0; l < LEVELS; l++) {
        const run *r = level + l;
        if (!r->n)
            continue;
        uint64_t h = mix(key);
        int may = 1;
        for (int k = 0; may && k < 3; k++, h = h >> 20 | h << 44)
            may = r->bloom[(h & r->mask) / 64] >> (h & 63) & 1;
        if (!may)
            continue;
        checks++;
        const item *at = seek(r, key);
        if (at < r->at + r->n && at->key == key) {
            *value = at->value;
            return 1;
        }
    }
    return 0;
}

static uint64_t scan(uint64_t key, int count) {
    const item *at[LEVELS];
    uint64_t sum = 0;
    for (int l = 0; l < LEVELS; l++)
        at[l] = level[l].n ? seek(level + l, key) : NULL;
    while (count--) {
        int best = -1;
        for (int l = 0; l < LEVELS; l++)
            if (at[l] && at[l] < level[l].at + level[l].n &&
                (best < 0 || at[l]->key < at[best]->key))
                best = l;
        if (best < 0)
            break;
        uint64_t k = at[best]->key;
        sum = sum * 3 + at[best]->value;
        for (int l = 0; l < LEVELS; l++)
            if (at[l] && at[l] < level[l].at + level[l].n && at[l]->key == k)
                at[l]++;
    }
    return sum;
}

int main(int argc, char **argv) {
    s = (argc > 1 ? strtoull(argv[1], 0, 0) : 1) * 0x9e3779b97f4a7c15ull | 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000;
    uint32_t keys = argc > 3 ? (uint32_t)atoi(argv[3]) : 1000, value = 0;
    uint32_t reads = argc > 4 ? (uint32_t)atoi(argv[4]) : 30;
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        uint64_t key = (uint64_t)(rnd() % keys) * 40503 + 7;
        if (rnd() % 100 >= reads)
            put(key, (uint32_t)i);
        else if (i % 16 == 0)
            sum = sum * 5 + scan(key, 30);
        else
            sum += (uint64_t)get(key + (i % 3 == 0), &value) + value;
    }
    printf("checksum %016llx %llu %llu\n", (unsigned long long)sum, (unsigned long long)checks,
           (unsigned long long)written);
    return 0;
}
