/* A mark-sweep collector under a mutator that makes trees, lists and tables.
 * args: seed cells allocations shape(0 trees, 1 lists, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct cell {
    uint8_t marked, kind;
    uint16_t weight;
    uint32_t value;
    struct cell *a, *b;
} cell;

enum { ROOTS = 64, DEPTH = 40, STACK = 1 << 16 };
static cell *heap, *spare, *root[ROOTS], *todo[STACK];
static int cells, left, collections;
static uint64_t freed;
static uint32_t seed;

static uint32_t rnd(void) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    return seed ^= seed << 5;
}

static void mark(cell *c) {
    int n = 0;
    for (;;) {
        while (c && !c->marked) {
            c->marked = 1;
            if (c->b && n < STACK)
                todo[n++] = c->b;
            c = c->a;
        }
        if (!n)
            return;
        c = todo[--n];
    }
}

static void collect(void) {
    collections++;
    for (int i = 0; i < ROOTS; i++)
        mark(root[i]);
    spare = NULL;
    left = 0;
    for (int i = cells - 1; i >= 0; i--) {
        if (heap[i].marked) {
            heap[i].marked = 0;
        } else {
            heap[i].a = spare;
            spare = heap + i;
            freed++;
            left++;
        }
    }
}

/* Makes sure that one operation (at most DEPTH new cells) needs no collection. */
static void reserve(void) {
    if (left >= DEPTH)
        return;
    collect();
    for (int i = (int)(rnd() % ROOTS), n = 0; left < cells / 4 && n < ROOTS; n += 4) {
        for (int k = 0; k < 4; k++)
            root[(i + n + k) % ROOTS] = NULL;
        collect();
    }
}

static cell *fresh(uint8_t kind, uint32_t value, cell *a, cell *b) {
    cell *c = spare;
    spare = c->a;
    left--;
    *c = (cell){.kind = kind, .value = value, .a = a, .b = b};
    return c;
}

static cell *insert(cell *t, uint32_t v, int depth) { /* persistent: copies the path */
    if (!t)
        return fresh(0, v, NULL, NULL);
    if (!depth)
        return t;
    if (v < t->value) {
        cell *low = insert(t->a, v, depth - 1);
        return fresh(0, t->value, low, t->b);
    }
    cell *high = insert(t->b, v, depth - 1);
    return fresh(0, t->value, t->a, high);
}

static uint64_t total(const cell *t, int depth) {
    return t && depth ? t->value + total(t->a, depth - 1) * 3 + total(t->b, depth - 1) : 0;
}

int main(int argc, char **argv) {
    seed = (argc > 1 ? strtoul(argv[1], 0, 0) : 1) | 1;
    cells = argc > 2 ? atoi(argv[2]) : 4000;
    int n = argc > 3 ? atoi(argv[3]) : 1000, shape = argc > 4 ? atoi(argv[4]) : 2;
    heap = calloc(cells, sizeof(cell));
    for (int i = cells - 1; i >= 0; i--) {
        heap[i].a = spare;
        spare = heap + i;
    }
    left = cells;
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        int r = (int)(rnd() % ROOTS);
        reserve();
        if (shape == 0 || (shape == 2 && i % 2)) {
            root[r] = insert(root[r], rnd() & 0xffff, DEPTH - 2);
            if (i % 16 == 0)
                sum += total(root[r], 8);
        } else {
            root[r] = fresh(1, rnd() & 0xffff, root[r], root[rnd() % ROOTS]);
            uint32_t len = 0;
            for (cell *c = root[r]; c && len < 24; c = c->kind ? c->a : c->b)
                len++, sum += c->value;
        }
        if (rnd() % 160 == 0)
            root[r] = NULL;
    }
    printf("checksum %016llx %d %llu\n", (unsigned long long)sum, collections,
           (unsigned long long)freed);
    return 0;
}
