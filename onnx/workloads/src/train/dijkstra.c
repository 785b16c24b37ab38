/* Shortest paths with a binary heap on a random graph or a grid.
 * args: seed vertices degree sources */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { int to, w; } edge;
typedef struct { int dist, v; } entry;
static entry *heap;
static int fill;

static void push(entry e) {
    int i = fill++;
    for (; i && heap[(i - 1) / 2].dist > e.dist; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}

static entry pop(void) {
    entry top = heap[0], last = heap[--fill];
    int i = 0;
    for (int c; (c = 2 * i + 1) < fill; i = c) {
        if (c + 1 < fill && heap[c + 1].dist < heap[c].dist)
            c++;
        if (last.dist <= heap[c].dist)
            break;
        heap[i] = heap[c];
    }
    heap[i] = last;
    return top;
}

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 5, sum = 0;
    int n = argc > 2 ? atoi(argv[2]) : 5000, d = argc > 3 ? atoi(argv[3]) : 4;
    int sources = argc > 4 ? atoi(argv[4]) : 2;
    edge *e = malloc(sizeof *e * n * d);
    int *dist = malloc(sizeof *dist * n);
    heap = malloc(sizeof *heap * (n * d + 1));
    for (int i = 0; i < n * d; i++) {
        s = s * 2862933555777941757ull + 3037000493ull;
        e[i] = (edge){(int)((s >> 33) % n), 1 + (int)(s >> 20 & 127)};
    }
    for (int q = 0; q < sources; q++) {
        for (int i = 0; i < n; i++)
            dist[i] = INT_MAX;
        int start = q * 97 % n;
        dist[start] = 0;
        push((entry){0, start});
        while (fill) {
            entry t = pop();
            if (t.dist != dist[t.v])
                continue;
            for (edge *p = e + t.v * d; p < e + (t.v + 1) * d; p++)
                if (t.dist + p->w < dist[p->to]) {
                    dist[p->to] = t.dist + p->w;
                    push((entry){dist[p->to], p->to});
                }
        }
        for (int i = 0; i < n; i++)
            sum = sum * 3 + (uint64_t)dist[i];
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
