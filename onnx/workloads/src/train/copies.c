/* A ring buffer of records: memcpy, memmove and memset of random sizes and alignments.
 * args: seed log2(ring bytes) records largest */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static uint32_t rnd(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

typedef struct { uint8_t *data; size_t size, head, tail; } ring;

static void put(ring *r, const void *from, size_t n) {
    size_t at = r->head & (r->size - 1), first = r->size - at;
    if (first > n)
        first = n;
    memcpy(r->data + at, from, first);
    memcpy(r->data, (const uint8_t *)from + first, n - first);
    r->head += n;
}

static void get(ring *r, void *to, size_t n) {
    size_t at = r->tail & (r->size - 1), first = r->size - at;
    if (first > n)
        first = n;
    memcpy(to, r->data + at, first);
    memcpy((uint8_t *)to + first, r->data, n - first);
    r->tail += n;
}

int main(int argc, char **argv) {
    state = (argc > 1 ? strtoull(argv[1], 0, 0) : 1) * 0x9e3779b97f4a7c15ull | 1;
    size_t size = (size_t)1 << (argc > 2 ? atoi(argv[2]) : 16);
    int records = argc > 3 ? atoi(argv[3]) : 1000;
    uint32_t largest = argc > 4 ? (uint32_t)atoi(argv[4]) : 2000;
    ring r = {calloc(1, size), size, 0, 0};
    uint8_t *work = calloc(1, 2 * (size_t)largest + 64), *out = calloc(1, largest + 64);
    uint64_t sum = 0;
    for (int i = 0; i < records; i++) {
        uint32_t n = rnd() % largest >> (rnd() & 3), off = rnd() & 31;
        memset(work + off, i, n / 2);
        memmove(work + off + n / 4, work + off, n / 2); /* overlaps */
        work[off] ^= (uint8_t)sum;
        while (r.head - r.tail + n + 4 > r.size) {
            uint32_t m;
            get(&r, &m, 4);
            get(&r, out + (m & 7), m);
            sum = sum * 31 + m + out[(m & 7) + m / 2];
            if (m > 64 && !memcmp(out + 8, work + 8, 24))
                sum++;
        }
        put(&r, &n, 4);
        put(&r, work + off, n);
        if (i % 16 == 0)
            memmove(work, work + largest / 3, largest / 2);
    }
    printf("checksum %016llx %zu\n", (unsigned long long)sum, r.head);
    return 0;
}
