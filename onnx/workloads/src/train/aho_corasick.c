/* Aho-Corasick over generated words, then rolling-hash chunking and deduplication.
 * args: seed words bytes mode(0 search, 1 chunks, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGMA = 16 };
typedef struct { int32_t next[SIGMA], fail, out; uint32_t words; } node;
static node *t;
static int used;
static uint32_t s;

static uint32_t rnd(void) {
    s ^= s << 13;
    s ^= s >> 17;
    return s ^= s << 5;
}

static void add(const uint8_t *w, int n) {
    int at = 0;
    for (int i = 0; i < n; i++) {
        if (!t[at].next[w[i]]) {
            t[used] = (node){.out = -1};
            t[at].next[w[i]] = used++;
        }
        at = t[at].next[w[i]];
    }
    t[at].words++;
}

static void link_failures(void) {
    int *queue = malloc(sizeof(int) * used), head = 0, tail = 0;
    for (int c = 0; c < SIGMA; c++)
        if (t[0].next[c])
            queue[tail++] = t[0].next[c];
    while (head < tail) {
        int u = queue[head++], f = t[u].fail;
        t[u].out = t[f].words ? f : t[f].out;
        for (int c = 0; c < SIGMA; c++) {
            int v = t[u].next[c];
            if (v) {
                t[v].fail = t[f].next[c];
                queue[tail++] = v;
            } else
                t[u].next[c] = t[f].next[c];
        }
    }
    free(queue);
}

static uint64_t search(const uint8_t *text, int n) {
    uint64_t hits = 0;
    for (int i = 0, at = 0; i < n; i++) {
        at = t[at].next[text[i]];
        hits += t[at].words;
        for (int o = t[at].out; o >= 0; o = t[o].out)
            hits += t[o].words * 3;
    }
    return hits;
}

typedef struct { uint64_t hash; int at, len; } piece;

static uint64_t chunks(const uint8_t *text, int n, piece *table, uint32_t mask) {
    uint64_t roll = 0, strong = 14695981039346656037ull, same = 0, kept = 0;
    for (int i = 0, from = 0; i < n; i++) {
        roll = (roll << 1) + text[i] * 0x9e3779b97f4a7c15ull;
        strong = (strong ^ text[i]) * 1099511628211ull;
        int len = i - from + 1;
        if ((roll >> 52 & 63) || len < 16) {
            if (len < 512 && i + 1 < n)
                continue;
        }
        for (uint32_t h = (uint32_t)(strong >> 30) & mask;; h = (h + 1) & mask) {
            piece *p = table + h;
            if (!p->len) {
                *p = (piece){strong, from, len};
                kept += (uint64_t)len;
                break;
            }
            if (p->hash == strong && p->len == len &&
                !memcmp(text + p->at, text + from, (size_t)len)) {
                same += (uint64_t)len;
                break;
            }
        }
        from = i + 1;
        strong = 14695981039346656037ull;
    }
    return same * 1000003 + kept;
}

int main(int argc, char **argv) {
    s = (argc > 1 ? strtoul(argv[1], 0, 0) : 1) | 1;
    int words = argc > 2 ? atoi(argv[2]) : 100, n = argc > 3 ? atoi(argv[3]) : 10000;
    int mode = argc > 4 ? atoi(argv[4]) : 2;
    t = malloc(sizeof(node) * ((size_t)words * 10 + 1));
    t[0] = (node){.out = -1};
    used = 1;
    uint8_t *text = malloc(n), w[10];
    for (int i = 0; i < words; i++) {
        int len = 2 + (int)(rnd() % 8);
        for (int k = 0; k < len; k++)
            w[k] = (uint8_t)(rnd() >> 9 & rnd() >> 20 & 15);
        add(w, len);
    }
    link_failures();
    for (int i = 0; i < n;) {
        int run = (int)(rnd() % 300);
        if (i > 4096 && run > 90) { /* repeat an older part */
            int from = (int)(rnd() % (uint32_t)(i - 300));
            for (; run && i < n; run--)
                text[i++] = text[from++];
        } else
            for (run += 16; run > 0 && i < n; run--)
                text[i++] = (uint8_t)(rnd() >> 7 & (s >> 15) & 15);
    }
    uint32_t mask = 0xffff;
    piece *table = calloc(mask + 1, sizeof *table);
    uint64_t sum = used;
    if (mode != 1)
        sum += search(text, n);
    if (mode)
        sum = sum * 5 + chunks(text, n, table, mask);
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
