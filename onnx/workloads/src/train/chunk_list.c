/* Linked chunks with payload (an unrolled list and a rope of pieces): walk, split,
 * splice, stores that feed later loads. args: seed chunks steps payload */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct chunk {
    struct chunk *next, *other;
    uint32_t used, tag;
    uint32_t data[];
} chunk;

static uint32_t seed;
static uint32_t rnd(void) {
    seed = seed * 1103515245u + 12345u;
    return seed >> 8;
}

static chunk *walk(chunk *c, int hops, uint64_t *sum) {
    while (hops-- > 0) {
        uint32_t u = c->used;
        *sum += c->data[u / 2];
        c->data[u - 1] += c->tag++;
        c = c->data[0] & 4 ? c->other : c->next;
    }
    return c;
}

static uint64_t sweep(chunk *c, int n) {
    uint64_t s = 0;
    for (; n > 0; n--, c = c->next)
        for (uint32_t i = 0; i < c->used; i++)
            s += c->data[i] >> (i & 7);
    return s;
}

static void spread(chunk *c, int n, uint32_t room) {
    for (; n > 0; n--, c = c->next) {
        chunk *d = c->next;
        uint32_t half = c->used / 2;
        if (c->used > room / 2 && d->used + half <= room) {
            memmove(d->data + half, d->data, d->used * 4);
            memcpy(d->data, c->data + c->used - half, half * 4);
            d->used += half;
            c->used -= half;
        }
    }
}

int main(int argc, char **argv) {
    seed = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000, steps = argc > 3 ? atoi(argv[3]) : 100;
    uint32_t room = argc > 4 ? (uint32_t)atoi(argv[4]) : 24;
    chunk **all = malloc(sizeof(chunk *) * n);
    for (int i = 0; i < n; i++) {
        chunk *c = all[i] = calloc(1, sizeof(chunk) + 4 * room + (rnd() & 48));
        c->used = room / 2 + rnd() % (room / 2);
        c->tag = rnd();
        c->data[0] = rnd();
        c->data[c->used - 1] = rnd();
    }
    for (int i = n - 1; i > 0; i--) {
        int j = (int)(rnd() % (uint32_t)(i + 1));
        chunk *t = all[i];
        all[i] = all[j];
        all[j] = t;
    }
    for (int i = 0; i < n; i++) {
        all[i]->next = all[(i + 1) % n];
        all[i]->other = all[rnd() % (uint32_t)n];
    }
    uint64_t sum = 0;
    chunk *at = all[0];
    for (int s = 0; s < steps; s++) {
        at = walk(at, 400, &sum);
        if (s % 3 == 0)
            sum += sweep(at, 40);
        if (s % 3 == 1)
            spread(at, 40, room);
        chunk *far = all[rnd() % (uint32_t)n], *t = at->other; /* splice: swap two links */
        at->other = far->other;
        far->other = t;
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
