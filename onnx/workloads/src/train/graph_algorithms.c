/* Graph algorithms: Tarjan's components, Kruskal and Prim, Dinic's flow, assignment by
 * potentials, A* on a maze, 2-opt tours. args: seed size rounds part(0-4, 5 all) */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXV = 4096, MAXE = 40000 };
static uint32_t s;
static int n, m, head[MAXV], to[MAXE], nxt[MAXE], cap[MAXE], src[MAXE];
static int low[MAXV], num[MAXV], comp[MAXV], stack[MAXV], top, counter, comps;

static uint32_t rnd(uint32_t k) {
    s = s * 1664525u + 1013904223u;
    return (s >> 9) % k;
}

static void edge(int a, int b, int c) {
    src[m] = a, to[m] = b, cap[m] = c, nxt[m] = head[a];
    head[a] = m++;
}

static void tarjan(int v) {
    low[v] = num[v] = ++counter;
    stack[top++] = v;
    for (int e = head[v]; e >= 0; e = nxt[e]) {
        if (!num[to[e]]) {
            tarjan(to[e]);
            low[v] = low[to[e]] < low[v] ? low[to[e]] : low[v];
        } else if (comp[to[e]] < 0 && num[to[e]] < low[v])
            low[v] = num[to[e]];
    }
    if (low[v] == num[v]) {
        int w;
        do
            comp[w = stack[--top]] = comps;
        while (w != v);
        comps++;
    }
}

static int find(int *p, int a) { return p[a] == a ? a : (p[a] = find(p, p[a])); }

static int by_cap(const void *a, const void *b) {
    int x = cap[*(const int *)a], y = cap[*(const int *)b];
    return x != y ? (x > y) - (x < y) : *(const int *)a - *(const int *)b;
}

static long kruskal(void) {
    static int order[MAXE];
    long sum = 0;
    for (int i = 0; i < m; i++)
        order[i] = i;
    for (int v = 0; v < n; v++)
        low[v] = v;
    qsort(order, (size_t)m, sizeof(int), by_cap);
    for (int i = 0; i < m; i++) {
        int a = find(low, src[order[i]]), b = find(low, to[order[i]]);
        if (a != b)
            low[a] = b, sum += cap[order[i]];
    }
    return sum;
}

static int push_flow(int v, int limit) {
    if (v == n - 1)
        return limit;
    for (int *e = low + v; *e >= 0; *e = nxt[*e])
        if (cap[*e] > 0 && num[to[*e]] == num[v] + 1) {
            int got = push_flow(to[*e], limit < cap[*e] ? limit : cap[*e]);
            if (got) {
                cap[*e] -= got;
                cap[*e ^ 1] += got;
                return got;
            }
        }
    return 0;
}

static long dinic(void) {
    long total = 0;
    for (;;) {
        int from = 0, end = 0, got;
        memset(num, 0, sizeof(int) * n);
        num[0] = 1;
        comp[end++] = 0;
        while (from < end)
            for (int v = comp[from++], e = head[v]; e >= 0; e = nxt[e])
                if (cap[e] > 0 && !num[to[e]]) {
                    num[to[e]] = num[v] + 1;
                    comp[end++] = to[e];
                }
        if (!num[n - 1])
            return total;
        memcpy(low, head, sizeof(int) * n);
        while ((got = push_flow(0, 1 << 30)))
            total += got;
    }
}

static long assignment(int k) {
    int *cost = malloc(sizeof(int) * k * k), *u = calloc(4 * (k + 1), sizeof(int));
    int *v = u + k + 1, *match = v + k + 1, *way = match + k + 1;
    for (int i = 0; i < k * k; i++)
        cost[i] = (int)rnd(10000);
    for (int i = 1; i <= k; i++) {
        int j0 = 0, least[MAXV / 4];
        uint8_t used[MAXV / 4] = {0};
        match[0] = i;
        for (int j = 0; j <= k; j++)
            least[j] = 1 << 30;
        do {
            int i0 = match[j0], delta = 1 << 30, j1 = 0;
            used[j0] = 1;
            for (int j = 1; j <= k; j++)
                if (!used[j]) {
                    int c = cost[(i0 - 1) * k + j - 1] - u[i0] - v[j];
                    if (c < least[j])
                        least[j] = c, way[j] = j0;
                    if (least[j] < delta)
                        delta = least[j], j1 = j;
                }
            for (int j = 0; j <= k; j++)
                if (used[j])
                    u[match[j]] += delta, v[j] -= delta;
                else
                    least[j] -= delta;
            j0 = j1;
        } while (match[j0]);
        for (; j0; j0 = way[j0])
            match[j0] = match[way[j0]];
    }
    long sum = -v[0];
    free(cost);
    free(u);
    return sum;
}

static long astar(int w) {
    static uint8_t wall[256 * 256];
    static int g[256 * 256], heap[256 * 256 * 2][2];
    int size = 0, goal = w * w - 1, at = -1;
    const int move[4] = {1, -1, w, -w};
    for (int i = 0; i < w * w; i++) {
        wall[i] = rnd(100) < 27 || i % w == 0;
        g[i] = 1 << 29;
    }
    wall[1] = wall[goal] = 0;
    g[1] = 0;
    heap[size][0] = 0, heap[size++][1] = 1;
    while (size) {
        at = heap[0][1];
        int f = heap[--size][0], last = heap[size][1], i = 0;
        for (int c; (c = 2 * i + 1) < size; i = c) {
            c += c + 1 < size && heap[c + 1][0] < heap[c][0];
            if (heap[c][0] >= f)
                break;
            heap[i][0] = heap[c][0], heap[i][1] = heap[c][1];
        }
        heap[i][0] = f, heap[i][1] = last;
        if (at == goal)
            break;
        for (int d = 0; d < 4; d++) {
            int b = at + move[d];
            if (b < 0 || b >= w * w || wall[b] || g[at] + 1 >= g[b] || size >= 256 * 256 * 2)
                continue;
            g[b] = g[at] + 1;
            int key = g[b] + (w - 1 - b % w) + (w - 1 - b / w), j = size++;
            for (; j && heap[(j - 1) / 2][0] > key; j = (j - 1) / 2)
                heap[j][0] = heap[(j - 1) / 2][0], heap[j][1] = heap[(j - 1) / 2][1];
            heap[j][0] = key, heap[j][1] = b;
        }
    }
    return at == goal ? g[goal] : size + g[w + 1];
}

static long two_opt(int k) {
    int x[MAXV / 4], y[MAXV / 4], tour[MAXV / 4], better = 1;
    long length = 0;
#define D(a, b) (abs(x[a] - x[b]) + abs(y[a] - y[b]))
    for (int i = 0; i < k; i++)
        x[i] = (int)rnd(1000), y[i] = (int)rnd(1000), tour[i] = i;
    for (int pass = 0; better && pass < 12; pass++) {
        better = 0;
        for (int i = 0; i + 2 < k; i++)
            for (int j = i + 2; j + 1 < k; j++) {
                int a = tour[i], b = tour[i + 1], c = tour[j], d = tour[j + 1];
                if (D(a, c) + D(b, d) < D(a, b) + D(c, d)) {
                    for (int l = i + 1, r = j; l < r; l++, r--) {
                        int t = tour[l];
                        tour[l] = tour[r], tour[r] = t;
                    }
                    better = 1;
                }
            }
    }
    for (int i = 0; i + 1 < k; i++)
        length += D(tour[i], tour[i + 1]);
    return length;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int size = argc > 2 ? atoi(argv[2]) : 100, rounds = argc > 3 ? atoi(argv[3]) : 5;
    int part = argc > 4 ? atoi(argv[4]) : 5;
    long sum = 0;
    if (size > 1000)
        return 1;
    for (int r = 0; r < rounds; r++) {
        n = size * 4;
        m = 0;
        memset(head, 0xff, sizeof head);
        for (int i = 0; i < n * 2; i++) {
            int a = (int)rnd((uint32_t)n), b = (int)rnd((uint32_t)n), c = 1 + (int)rnd(500);
            edge(a, b, c);
            edge(b, a, part == 2 || r % 5 == 2 ? 0 : c);
        }
        switch (part < 5 ? part : r % 5) {
        case 0:
            m /= 2;
            top = counter = comps = 0;
            memset(num, 0, sizeof num);
            memset(comp, 0xff, sizeof comp);
            for (int v = 0; v < n; v++)
                for (int *e = head + v; *e >= m; *e = nxt[*e])
                    ;
            for (int v = 0; v < n; v++)
                if (!num[v])
                    tarjan(v);
            sum += comps + kruskal();
            break;
        case 1: sum += assignment(size / 2); break;
        case 2: sum += dinic(); break;
        case 3: sum += astar(size < 256 ? size : 255); break;
        default: sum += two_opt(size);
        }
        sum = sum * 3 % 1000000007;
    }
    printf("checksum %ld\n", sum);
    return 0;
}
