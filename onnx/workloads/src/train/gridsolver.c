/* Grid equations: multigrid V-cycles for Poisson, FDTD waves with absorbing edges, an ADI
 * heat step with tridiagonal solves, shallow water. args: n rounds part(0-3, 4 all) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void relax(double *u, const double *f, int n, int sweeps) { /* red-black, (n+1)^2 */
    int w = n + 1;
    for (int s = 0; s < 2 * sweeps; s++)
        for (int y = 1; y < n; y++)
            for (int x = 1 + (y + s) % 2; x < n; x += 2) {
                double *p = u + y * w + x;
                *p = 0.25 * (p[-1] + p[1] + p[-w] + p[w] + f[y * w + x]);
            }
}

static void cycle(double *u, double *f, int n, double *room) {
    int w = n + 1, h = n / 2, v = h + 1;
    if (n <= 4) {
        relax(u, f, n, 12);
        return;
    }
    relax(u, f, n, 2);
    double *coarse = room, *rhs = room + v * v, *rest = rhs + v * v;
    memset(coarse, 0, sizeof *room * 2 * v * v);
    for (int y = 1; y < h; y++)
        for (int x = 1; x < h; x++) {
            double r[9];
            for (int k = 0; k < 9; k++) {
                int i = (2 * y + k / 3 - 1) * w + 2 * x + k % 3 - 1;
                r[k] = f[i] - 4 * u[i] + (2 * y + k / 3 - 1 > 0 ? u[i - w] : 0) + u[i + w] + u[i - 1] +
                       u[i + 1];
            }
            rhs[y * v + x] = r[4] + 0.5 * (r[1] + r[3] + r[5] + r[7]) +
                             0.25 * (r[0] + r[2] + r[6] + r[8]);
        }
    cycle(coarse, rhs, h, rest);
    for (int y = 1; y < n; y++)
        for (int x = 1; x < n; x++) {
            const double *c = coarse + y / 2 * v + x / 2;
            double a = x & 1 ? 0.5 * (c[0] + c[1]) : c[0];
            double b = y & 1 ? x & 1 ? 0.5 * (c[v] + c[v + 1]) : c[v] : a;
            u[y * w + x] += 0.5 * (a + b);
        }
    relax(u, f, n, 2);
}

static void waves(float *ez, float *hx, float *hy, int n, int t) {
    for (int y = 0; y < n - 1; y++)
        for (int x = 0; x < n - 1; x++) {
            hx[y * n + x] -= 0.5f * (ez[(y + 1) * n + x] - ez[y * n + x]);
            hy[y * n + x] += 0.5f * (ez[y * n + x + 1] - ez[y * n + x]);
        }
    for (int y = 1; y < n - 1; y++)
        for (int x = 1; x < n - 1; x++) {
            float c = (x - n / 2) * (x - n / 2) + y * y < n * n / 9 ? 0.15f : 0.5f;
            ez[y * n + x] += c * (hy[y * n + x] - hy[y * n + x - 1] - hx[y * n + x] + hx[(y - 1) * n + x]);
        }
    for (int i = 0; i < n; i++)
        ez[i] = ez[n + i] * 0.9f, ez[i * n] = ez[i * n + 1] * 0.9f;
    ez[n / 3 * n + n / 4] += sinf((float)t * 0.3f);
}

static void thomas(double *x, int n, int step, double k, double *c) { /* strided lines */
    double m = 1 / (1 + 2 * k);
    c[0] = -k * m;
    x[0] *= m;
    for (int i = 1; i < n; i++) {
        m = 1 / (1 + 2 * k + k * c[i - 1]);
        c[i] = -k * m;
        x[i * step] = (x[i * step] + k * x[(i - 1) * step]) * m;
    }
    for (int i = n - 2; i >= 0; i--)
        x[i * step] -= c[i] * x[(i + 1) * step];
}

typedef struct { float h, u, v; } water;

static void flow(water *a, water *b, int n) { /* Lax-Friedrichs, array of structures */
    for (int y = 1; y < n - 1; y++)
        for (int x = 1; x < n - 1; x++) {
            const water *l = a + y * n + x - 1, *r = l + 2, *d = l + 1 - n, *u = l + 1 + n;
            float pl = l->u * l->u / l->h + 0.5f * l->h * l->h;
            float pr = r->u * r->u / r->h + 0.5f * r->h * r->h;
            float pd = d->v * d->v / d->h + 0.5f * d->h * d->h;
            float pu = u->v * u->v / u->h + 0.5f * u->h * u->h;
            water *o = b + y * n + x;
            o->h = 0.25f * (l->h + r->h + d->h + u->h) - 0.1f * (r->u - l->u + u->v - d->v);
            o->u = 0.25f * (l->u + r->u + d->u + u->u) -
                   0.1f * (pr - pl + u->u * u->v / u->h - d->u * d->v / d->h);
            o->v = 0.25f * (l->v + r->v + d->v + u->v) -
                   0.1f * (pu - pd + r->u * r->v / r->h - l->u * l->v / l->h);
        }
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 32, rounds = argc > 2 ? atoi(argv[2]) : 8;
    int part = argc > 3 ? atoi(argv[3]) : 4, w = n + 1;
    size_t cells = (size_t)w * w + 64;
    double *u = calloc(cells, 8), *f = calloc(cells, 8), *room = calloc(4 * cells, 8);
    float *ez = calloc(cells, 4), *hx = calloc(cells, 4), *hy = calloc(cells, 4);
    water *a = calloc(cells, sizeof(water)), *b = calloc(cells, sizeof(water));
    for (size_t i = 0; i < cells; i++)
        a[i].h = b[i].h = 1.0f + 0.2f * (float)(i % 97 < 20);
    double sum = 0;
    f[n / 2 * w + n / 3] = 1, f[n / 4 * w + n / 2] = -1;
    for (int r = 0; r < rounds; r++)
        switch (part < 4 ? part : r % 4) {
        case 0:
            cycle(u, f, n, room);
            sum += u[n / 2 * w + n / 2];
            break;
        case 1:
            waves(ez, hx, hy, n, r);
            sum += ez[n / 2 * n + n / 2];
            break;
        case 2:
            u[n / 3 * w + n / 3] += 1;
            for (int y = 0; y < n; y++)
                thomas(u + y * w, n, 1, 0.4, room);
            for (int x = 0; x < n; x++)
                thomas(u + x, n, w, 0.4, room);
            sum += u[n / 2 * w + n / 4];
            break;
        default: {
            flow(a, b, n);
            water *t = a;
            a = b;
            b = t;
            sum += a[n / 2 * n + n / 2].h;
        }
        }
    printf("checksum %.9f\n", sum);
    return 0;
}
