/* Dancing links: exact cover for pentomino-like tilings and for queens with colours; then
 * minesweeper boards opened and reasoned on. args: seed width height limit part(0-1, 2 both) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXN = 40000 };
static struct { int l, r, u, d, col, row; } node[MAXN];
static int size[400], used, columns;
static long steps, limit, found;
static uint64_t digest;

static void start(int n, int primary) {
    columns = n;
    for (int i = 0; i <= n; i++) {
        node[i].u = node[i].d = i;
        node[i].col = i;
        node[i].l = i ? i - 1 : primary;
        node[i].r = i == primary ? 0 : i + 1;
        if (i > primary)
            node[i].l = node[i].r = i; /* secondary: covered at most once */
        size[i] = 0;
    }
    used = n + 1;
}

static void row(const int *col, int n, int id) {
    for (int i = 0; i < n && used < MAXN; i++, used++) {
        int c = col[i], up = node[c].u;
        node[used].u = up, node[used].d = c, node[used].col = c, node[used].row = id;
        node[used].l = i ? used - 1 : used + n - 1;
        node[used].r = i == n - 1 ? used - n + 1 : used + 1;
        node[up].d = node[c].u = used;
        size[c]++;
    }
}

static void cover(int c) {
    node[node[c].r].l = node[c].l, node[node[c].l].r = node[c].r;
    for (int i = node[c].d; i != c; i = node[i].d)
        for (int j = node[i].r; j != i; j = node[j].r) {
            node[node[j].d].u = node[j].u, node[node[j].u].d = node[j].d;
            size[node[j].col]--;
        }
}

static void uncover(int c) {
    for (int i = node[c].u; i != c; i = node[i].u)
        for (int j = node[i].l; j != i; j = node[j].l) {
            size[node[j].col]++;
            node[node[j].d].u = node[node[j].u].d = j;
        }
    node[node[c].r].l = node[node[c].l].r = c;
}

static void search(uint64_t path) {
    if (++steps > limit)
        return;
    if (!node[0].r) {
        found++;
        digest = digest * 31 + path;
        return;
    }
    int c = node[0].r;
    for (int k = c; k; k = node[k].r)
        if (size[k] < size[c])
            c = k;
    if (!size[c])
        return;
    cover(c);
    for (int i = node[c].d; i != c; i = node[i].d) {
        for (int j = node[i].r; j != i; j = node[j].r)
            cover(node[j].col);
        search(path * 7 + (uint64_t)node[i].row);
        for (int j = node[i].l; j != i; j = node[j].l)
            uncover(node[j].col);
    }
    uncover(c);
}

static void tiling(int w, int h) { /* pieces of three to five cells, any number of each */
    static const char *const shape[] = {"111", "1\n11", "1111", "11\n11", "111\n1", "11\n 11",
        "111\n 1", "1\n11\n 11", "111\n1 1"};
    start(w * h, w * h);
    int id = 0;
    for (unsigned p = 0; p < sizeof shape / sizeof *shape; p++)
        for (int turn = 0; turn < 4; turn++)
            for (int at = 0; at < w * h; at++) {
                int col[5], n = 0, x = 0, y = 0, ok = 1;
                for (const char *c = shape[p]; *c; c++) {
                    if (*c == '1') {
                        int tx = turn & 1 ? y : x, ty = turn & 1 ? x : y;
                        int px = at % w + (turn & 2 ? 2 - tx : tx), py = at / w + ty;
                        if (px < 0 || px >= w || py >= h) {
                            ok = 0;
                            break;
                        }
                        col[n++] = 1 + py * w + px;
                    }
                    x = *c == '\n' ? 0 : x + 1;
                    y += *c == '\n';
                }
                if (ok)
                    row(col, n, id++);
            }
    search(1);
}

static void queens(int n) {
    start(n * 2 + 2 * (2 * n - 1), n * 2);
    for (int i = 0; i < n * n; i++) {
        int x = i % n, y = i / n;
        row((int[]){1 + x, 1 + n + y, 1 + 2 * n + x + y, 4 * n + x - y + n - 1}, 4, i);
    }
    search(1);
}

static int mines(uint32_t *s, int w, int h) {
    static uint8_t mine[4096], open[4096], flag[4096], near[4096];
    static int queue[4096 * 9];
    int n = w * h < 4096 ? w * h : 4096, opened = 0, moved = 1;
    memset(open, 0, sizeof open), memset(flag, 0, sizeof flag), memset(near, 0, sizeof near);
    for (int i = 0; i < n; i++) {
        *s = *s * 1664525u + 1013904223u;
        mine[i] = *s >> 24 < 40;
    }
#define AROUND(i, j) \
    for (int k_ = 0, j; k_ < 9; k_++) \
        if (j = (i) + (k_ / 3 - 1) * w + k_ % 3 - 1, \
            k_ != 4 && j >= 0 && j < n && abs(j % w - (i) % w) < 2)
    for (int i = 0; i < n; i++)
        AROUND(i, j) near[i] += mine[j];
    for (int round = 0; round < 60 && moved; round++) {
        int tail = 0;
        moved = 0;
        for (int i = 0; i < n; i++) {
            int closed = 0, flags = 0;
            if (!open[i])
                continue;
            AROUND(i, j) closed += !open[j], flags += flag[j];
            if (closed == flags)
                continue;
            if (near[i] == closed) {
                AROUND(i, j) if (!open[j]) flag[j] = 1;
                moved = 1;
            } else if (near[i] == flags) {
                AROUND(i, j) if (!open[j] && !flag[j]) queue[tail++] = j;
                if (tail > 4096 * 8)
                    break;
            }
        }
        for (int guess = 0; !tail && !moved && guess < 50; guess++) {
            *s = *s * 1664525u + 1013904223u;
            int i = (int)((*s >> 8) % (uint32_t)n);
            if (!open[i] && !mine[i])
                queue[tail++] = i;
        }
        while (tail) {
            int i = queue[--tail];
            if (open[i])
                continue;
            open[i] = 1;
            opened++;
            moved = 1;
            if (!near[i] && tail < 4096 * 8)
                AROUND(i, j) if (!open[j]) queue[tail++] = j;
        }
    }
    return opened;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int w = argc > 2 ? atoi(argv[2]) : 8, h = argc > 3 ? atoi(argv[3]) : 6;
    long most = argc > 4 ? atol(argv[4]) : 1000;
    int part = argc > 5 ? atoi(argv[5]) : 2;
    if (w * h > 360)
        return 1;
    if (part != 1) {
        limit = most;
        tiling(w, h);
        steps = 0;
        queens(w);
    }
    for (int r = 0; part && r < 3; r++)
        digest = digest * 5 + (uint64_t)mines(&s, 8 * w, 5 * h);
    printf("checksum %016llx %ld\n", (unsigned long long)digest, found);
    return 0;
}
