/* B-tree of order 32 in a node pool: inserts, searches, range scans.
 * args: seed keys lookups */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX 31
typedef struct { int n, leaf; uint32_t key[MAX]; int kid[MAX + 1]; } node;
static node *pool;
static int used, root;

static int fresh(int leaf) {
    pool[used].n = 0;
    pool[used].leaf = leaf;
    return used++;
}

static int lower(const node *x, uint32_t k) {
    int lo = 0, hi = x->n;
    while (lo < hi) {
        int m = (lo + hi) / 2;
        if (x->key[m] < k)
            lo = m + 1;
        else
            hi = m;
    }
    return lo;
}

static void split(int p, int i) {
    int yi = pool[p].kid[i], zi = fresh(pool[yi].leaf), h = MAX / 2;
    node *x = pool + p, *y = pool + yi, *z = pool + zi;
    z->n = MAX - h - 1;
    memcpy(z->key, y->key + h + 1, sizeof(uint32_t) * z->n);
    memcpy(z->kid, y->kid + h + 1, sizeof(int) * (z->n + 1));
    y->n = h;
    memmove(x->kid + i + 2, x->kid + i + 1, sizeof(int) * (x->n - i));
    memmove(x->key + i + 1, x->key + i, sizeof(uint32_t) * (x->n - i));
    x->kid[i + 1] = zi;
    x->key[i] = y->key[h];
    x->n++;
}

static void insert(uint32_t k) {
    if (pool[root].n == MAX) {
        int r = fresh(0);
        pool[r].kid[0] = root;
        root = r;
        split(r, 0);
    }
    for (int at = root;;) {
        int i = lower(pool + at, k);
        if (i < pool[at].n && pool[at].key[i] == k)
            return;
        if (pool[at].leaf) {
            node *x = pool + at;
            memmove(x->key + i + 1, x->key + i, sizeof(uint32_t) * (x->n - i));
            x->key[i] = k;
            x->n++;
            return;
        }
        if (pool[pool[at].kid[i]].n == MAX) {
            split(at, i);
            if (k > pool[at].key[i])
                i++;
        }
        at = pool[at].kid[i];
    }
}

static uint64_t scan(int at, uint32_t lo, uint32_t hi) {
    uint64_t s = 0;
    const node *x = pool + at;
    int i = lower(x, lo);
    for (; i < x->n && x->key[i] < hi; i++) {
        if (!x->leaf)
            s += scan(x->kid[i], lo, hi);
        s += x->key[i];
    }
    return x->leaf ? s : s + scan(x->kid[i], lo, hi);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 10000, q = argc > 3 ? atoi(argv[3]) : 1000;
    pool = malloc(sizeof(node) * (n / 8 + 16));
    root = fresh(1);
    for (int i = 0; i < n; i++) {
        s = (s ^ 61) ^ (s >> 16);
        s *= 9;
        s ^= s >> 4;
        s = s * 0x27d4eb2d + (uint32_t)i;
        insert(s);
    }
    uint64_t sum = 0;
    for (int i = 0; i < q; i++) {
        uint32_t lo = (uint32_t)i * 2654435761u;
        sum = sum * 3 + scan(root, lo, lo + 0x200000u > lo ? lo + 0x200000u : 0xffffffffu);
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, used);
    return 0;
}
