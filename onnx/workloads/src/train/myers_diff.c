/* Diff of two versions of a text by lines (hashed), Myers' O(ND) with the edit script.
 * args: seed lines versions changes(per mille) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXD = 700 };
typedef struct { char **line; uint32_t *hash; int n; } text;
static int *trace[MAXD + 1];
static uint32_t seed;

static uint32_t rnd(void) {
    seed = seed * 22695477u + 1;
    return seed >> 9;
}

static char *fresh(void) {
    char *p = malloc(48);
    sprintf(p, "    %s(%u, %u);", rnd() & 1 ? "call" : "value", rnd() % 90, rnd() % 40);
    return p;
}

static void rehash(text *t) {
    for (int i = 0; i < t->n; i++) {
        uint32_t h = 5381;
        for (const char *p = t->line[i]; *p; p++)
            h = h * 33 ^ (uint8_t)*p;
        t->hash[i] = h;
    }
}

static int same(const text *a, int i, const text *b, int j) {
    return a->hash[i] == b->hash[j] && !strcmp(a->line[i], b->line[j]);
}

static int diff(const text *a, const text *b, uint64_t *sum) {
    int v[2 * MAXD + 3], *mid = v + MAXD + 1, d, k = 0;
    mid[1] = 0;
    for (d = 0; d < MAXD; d++) {
        for (k = -d; k <= d; k += 2) {
            int x = k == -d || (k != d && mid[k - 1] < mid[k + 1]) ? mid[k + 1] : mid[k - 1] + 1;
            int y = x - k;
            while (x < a->n && y >= 0 && y < b->n && same(a, x, b, y))
                x++, y++;
            mid[k] = x;
            if (x >= a->n && y >= b->n)
                goto found;
        }
        trace[d] = realloc(trace[d], sizeof(int) * (2 * d + 1));
        memcpy(trace[d], mid - d, sizeof(int) * (2 * d + 1));
    }
    return MAXD;
found:
    for (int x = a->n, y = b->n, e = d; e > 0; e--) { /* walk the script back */
        const int *t = trace[e - 1] + (e - 1);
        k = x - y;
        int down = k == -e || (k != e && t[k - 1] < t[k + 1]);
        int from = down ? k + 1 : k - 1;
        x = t[from];
        y = x - from;
        *sum = *sum * 31 + (down && y < b->n ? b->hash[y] : (uint32_t)x);
    }
    return d;
}

int main(int argc, char **argv) {
    seed = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 500, versions = argc > 3 ? atoi(argv[3]) : 4;
    uint32_t changes = argc > 4 ? (uint32_t)atoi(argv[4]) : 50;
    text t[2];
    for (int i = 0; i < 2; i++)
        t[i] = (text){calloc(3 * n, sizeof(char *)), calloc(3 * n, 4), 0};
    for (int i = 0; i < n; i++)
        t[0].line[t[0].n++] = fresh();
    rehash(t);
    uint64_t sum = 0;
    int edits = 0;
    for (int v = 0; v < versions; v++) {
        text *a = t + v % 2, *b = t + (v + 1) % 2;
        b->n = 0;
        for (int i = 0; i < a->n; i++) {
            uint32_t r = rnd() % 1000;
            if (r < changes && b->n < 3 * n)
                b->line[b->n++] = fresh();
            if (r < changes / 2 || r >= changes * 3 / 2)
                if (b->n < 3 * n)
                    b->line[b->n++] = a->line[i];
        }
        rehash(b);
        edits += diff(a, b, &sum);
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, edits);
    return 0;
}
