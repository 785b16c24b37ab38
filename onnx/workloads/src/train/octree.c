/* Barnes-Hut: an octree of bodies per step, centres of mass, forces by recursion.
 * args: seed bodies steps theta(percent) */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { double p[3], v[3], m; } body;
typedef struct node {
    struct node *kid[8];
    double c[3], half, com[3], mass;
    int body;
} node;
static node *pool;
static int used, room;
static body *bodies;
static double theta2;

static node *fresh(const double *c, double half) {
    if (used == room)
        exit(1);
    node *x = pool + used++;
    *x = (node){.half = half, .body = -1};
    for (int k = 0; k < 3; k++)
        x->c[k] = c[k];
    return x;
}

static node **slot(node *x, const double *p, double *c) {
    int o = 0;
    for (int k = 0; k < 3; k++) {
        int up = p[k] >= x->c[k];
        o |= up << k;
        c[k] = x->c[k] + (up ? 0.5 : -0.5) * x->half;
    }
    return &x->kid[o];
}

static void insert(node *x, int b) {
    for (;;) {
        double c[3];
        if (x->mass == 0) {
            x->body = b;
            x->mass = bodies[b].m;
            return;
        }
        if (x->body >= 0 && x->half > 1e-6) {
            int old = x->body;
            x->body = -1;
            node **s = slot(x, bodies[old].p, c);
            *s = fresh(c, x->half / 2);
            (*s)->body = old;
            (*s)->mass = bodies[old].m;
        }
        x->mass += bodies[b].m;
        node **s = slot(x, bodies[b].p, c);
        if (!*s)
            *s = fresh(c, x->half / 2);
        x = *s;
        if (x->half <= 1e-6 && x->mass > 0)
            return;
    }
}

static void centre(node *x) {
    if (x->body >= 0) {
        for (int k = 0; k < 3; k++)
            x->com[k] = bodies[x->body].p[k];
        return;
    }
    double m = 0;
    for (int o = 0; o < 8; o++)
        if (x->kid[o]) {
            centre(x->kid[o]);
            m += x->kid[o]->mass;
            for (int k = 0; k < 3; k++)
                x->com[k] += x->kid[o]->com[k] * x->kid[o]->mass;
        }
    for (int k = 0; k < 3 && m > 0; k++)
        x->com[k] /= m;
}

static void pull(const node *x, const double *p, double *a) {
    double d[3], r2 = 1e-4;
    for (int k = 0; k < 3; k++) {
        d[k] = x->com[k] - p[k];
        r2 += d[k] * d[k];
    }
    if (x->body >= 0 || 4 * x->half * x->half < theta2 * r2) {
        double f = x->mass / (r2 * sqrt(r2));
        for (int k = 0; k < 3; k++)
            a[k] += f * d[k];
        return;
    }
    for (int o = 0; o < 8; o++)
        if (x->kid[o])
            pull(x->kid[o], p, a);
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 100, steps = argc > 3 ? atoi(argv[3]) : 2;
    double theta = (argc > 4 ? atoi(argv[4]) : 70) / 100.0;
    theta2 = theta * theta;
    room = 12 * n + 64;
    pool = malloc(sizeof(node) * room);
    bodies = calloc(n, sizeof(body));
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++) {
            s = s * 1664525u + 1013904223u;
            bodies[i].p[k] = (double)s / 4294967296.0 - 0.5;
        }
        bodies[i].m = 1.0 / n;
    }
    for (int t = 0; t < steps; t++) {
        used = 0;
        node *root = fresh((double[]){0, 0, 0}, 2);
        for (int i = 0; i < n; i++)
            insert(root, i);
        centre(root);
        for (int i = 0; i < n; i++) {
            double a[3] = {0, 0, 0};
            pull(root, bodies[i].p, a);
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] += 0.001 * a[k];
                bodies[i].p[k] += 0.001 * bodies[i].v[k];
            }
        }
    }
    double e = 0;
    for (int i = 0; i < n; i++)
        e += fabs(bodies[i].p[0]) + fabs(bodies[i].v[1]);
    printf("checksum %.9f %d\n", e, used);
    return 0;
}
