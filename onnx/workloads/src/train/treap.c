/* Treap with splits and merges: recursive pointer code over malloc'd nodes.
 * args: seed operations key-range */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct node { struct node *l, *r; uint32_t key, pri, size; } node;
static uint64_t rng;

static uint32_t draw(void) {
    rng = rng * 6364136223846793005ull + 1;
    return (uint32_t)(rng >> 32);
}
static uint32_t size(node *t) { return t ? t->size : 0; }
static node *fix(node *t) {
    t->size = 1 + size(t->l) + size(t->r);
    return t;
}

static void split(node *t, uint32_t key, node **a, node **b) {
    if (!t)
        *a = *b = 0;
    else if (t->key < key) {
        split(t->r, key, &t->r, b);
        *a = fix(t);
    } else {
        split(t->l, key, a, &t->l);
        *b = fix(t);
    }
}

static node *merge(node *a, node *b) {
    if (!a || !b)
        return a ? a : b;
    if (a->pri > b->pri) {
        a->r = merge(a->r, b);
        return fix(a);
    }
    b->l = merge(a, b->l);
    return fix(b);
}

static void release(node *t) {
    if (t) {
        release(t->l);
        release(t->r);
        free(t);
    }
}

int main(int argc, char **argv) {
    rng = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int ops = argc > 2 ? atoi(argv[2]) : 10000;
    uint32_t range = argc > 3 ? strtoul(argv[3], 0, 0) : 100000, sum = 0;
    node *root = 0;
    for (int i = 0; i < ops; i++) {
        uint32_t k = draw() % range;
        node *a, *b, *c;
        split(root, k, &a, &b);
        split(b, k + 1, &b, &c);
        if (!b) {
            b = malloc(sizeof *b);
            *b = (node){0, 0, k, draw(), 1};
        } else if (i % 3 == 0) {
            release(b);
            b = 0;
        }
        sum = sum * 5 + size(a);
        root = merge(merge(a, b), c);
    }
    printf("checksum %08x %u\n", sum, size(root));
    return 0;
}
