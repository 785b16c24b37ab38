/* k-d tree: built by quickselect, nearest neighbours with a bounded heap, box counts.
 * args: seed points queries neighbours */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { float x[3]; int id; } point;
typedef struct { float d; int id; } hit;
static point *pt;
static uint32_t seed;
static hit heap[64];
static int full, room;

static float rnd(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 16777216.0f;
}

static void build(int lo, int hi, int axis) {
    if (hi - lo < 2)
        return;
    int mid = (lo + hi) / 2, l = lo, r = hi - 1;
    while (l < r) {
        float pivot = pt[(l + r) / 2].x[axis];
        int i = l, j = r;
        while (i <= j) {
            while (pt[i].x[axis] < pivot)
                i++;
            while (pt[j].x[axis] > pivot)
                j--;
            if (i <= j) {
                point t = pt[i];
                pt[i++] = pt[j];
                pt[j--] = t;
            }
        }
        if (mid <= j)
            r = j;
        else if (mid >= i)
            l = i;
        else
            break;
    }
    build(lo, mid, (axis + 1) % 3);
    build(mid + 1, hi, (axis + 1) % 3);
}

static void offer(float d, int id) {
    int i;
    if (full < room) {
        for (i = full++; i && heap[(i - 1) / 2].d < d; i = (i - 1) / 2)
            heap[i] = heap[(i - 1) / 2];
    } else {
        if (d >= heap[0].d)
            return;
        for (i = 0; 2 * i + 1 < full;) {
            int c = 2 * i + 1;
            c += c + 1 < full && heap[c + 1].d > heap[c].d;
            if (heap[c].d <= d)
                break;
            heap[i] = heap[c];
            i = c;
        }
    }
    heap[i] = (hit){d, id};
}

static void nearest(int lo, int hi, int axis, const float *q) {
    if (lo >= hi)
        return;
    int mid = (lo + hi) / 2, next = (axis + 1) % 3;
    const point *p = pt + mid;
    float dx = q[0] - p->x[0], dy = q[1] - p->x[1], dz = q[2] - p->x[2];
    float side = q[axis] - p->x[axis];
    offer(dx * dx + dy * dy + dz * dz, p->id);
    if (side < 0) {
        nearest(lo, mid, next, q);
        if (full < room || side * side < heap[0].d)
            nearest(mid + 1, hi, next, q);
    } else {
        nearest(mid + 1, hi, next, q);
        if (full < room || side * side < heap[0].d)
            nearest(lo, mid, next, q);
    }
}

static int inside(int lo, int hi, int axis, const float *a, const float *b) {
    if (lo >= hi)
        return 0;
    int mid = (lo + hi) / 2, n = 1;
    for (int k = 0; k < 3; k++)
        n &= pt[mid].x[k] >= a[k] && pt[mid].x[k] <= b[k];
    if (a[axis] <= pt[mid].x[axis])
        n += inside(lo, mid, (axis + 1) % 3, a, b);
    if (b[axis] >= pt[mid].x[axis])
        n += inside(mid + 1, hi, (axis + 1) % 3, a, b);
    return n;
}

int main(int argc, char **argv) {
    seed = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 1000, q = argc > 3 ? atoi(argv[3]) : 100;
    room = argc > 4 ? atoi(argv[4]) : 4;
    pt = malloc(sizeof(point) * n);
    for (int i = 0; i < n; i++)
        pt[i] = (point){{rnd(), rnd() * rnd(), rnd()}, i};
    build(0, n, 0);
    uint64_t sum = 0;
    for (int i = 0; i < q; i++) {
        float a[3] = {rnd(), rnd(), rnd()}, b[3] = {a[0] + 0.1f, a[1] + 0.2f, a[2] + 0.1f};
        full = 0;
        nearest(0, n, 0, a);
        for (int k = 0; k < full; k++)
            sum = sum * 7 + (uint32_t)heap[k].id;
        if (i % 8 == 0)
            sum += (uint64_t)inside(0, n, 0, a, b);
    }
    printf("checksum %016llx\n", (unsigned long long)sum);
    return 0;
}
