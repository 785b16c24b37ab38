/* Molecular dynamics: Lennard-Jones with cell lists and a neighbour list rebuilt now and
 * then, velocity Verlet, an atom reorder. args: seed atoms-per-side steps */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double x, y, z; } vec;
static int n, cells, pairs, *head, *next, *start, *list;
static double box;
static const double cut2 = 6.25, skin2 = 7.84;
static vec *pos, *vel, *force;

static double wrap(double d) { return d > box / 2 ? d - box : d < -box / 2 ? d + box : d; }

static int cell_of(const vec *p) {
    int i = (int)(p->x / box * cells), j = (int)(p->y / box * cells), k = (int)(p->z / box * cells);
    return ((i % cells) * cells + j % cells) * cells + k % cells;
}

static void neighbours(int room) {
    memset(head, 0xff, sizeof(int) * cells * cells * cells);
    for (int i = 0; i < n; i++) {
        int c = cell_of(pos + i);
        next[i] = head[c];
        head[c] = i;
    }
    pairs = 0;
    for (int i = 0; i < n; i++) {
        int c = cell_of(pos + i), ci = c / cells / cells, cj = c / cells % cells, ck = c % cells;
        start[i] = pairs;
        for (int d = 0; d < 27; d++) {
            int a = (ci + d / 9 - 1 + cells) % cells, b = (cj + d / 3 % 3 - 1 + cells) % cells;
            int e = (ck + d % 3 - 1 + cells) % cells;
            for (int j = head[(a * cells + b) * cells + e]; j >= 0; j = next[j]) {
                double x = wrap(pos[i].x - pos[j].x), y = wrap(pos[i].y - pos[j].y);
                double z = wrap(pos[i].z - pos[j].z);
                if (j > i && x * x + y * y + z * z < skin2 && pairs < room)
                    list[pairs++] = j;
            }
        }
    }
    start[n] = pairs;
}

static double forces(void) {
    double energy = 0;
    memset(force, 0, sizeof(vec) * n);
    for (int i = 0; i < n; i++) {
        vec f = {0, 0, 0}, p = pos[i];
        for (int k = start[i]; k < start[i + 1]; k++) {
            int j = list[k];
            double x = wrap(p.x - pos[j].x), y = wrap(p.y - pos[j].y), z = wrap(p.z - pos[j].z);
            double r2 = x * x + y * y + z * z;
            if (r2 >= cut2)
                continue;
            double i2 = 1 / r2, i6 = i2 * i2 * i2, s = 48 * i2 * i6 * (i6 - 0.5);
            energy += 4 * i6 * (i6 - 1);
            f.x += s * x, f.y += s * y, f.z += s * z;
            force[j].x -= s * x, force[j].y -= s * y, force[j].z -= s * z;
        }
        force[i].x += f.x, force[i].y += f.y, force[i].z += f.z;
    }
    return energy;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int side = argc > 2 ? atoi(argv[2]) : 6, steps = argc > 3 ? atoi(argv[3]) : 10;
    n = side * side * side;
    box = side * 1.2;
    cells = (int)(box / 2.8);
    cells = cells < 3 ? 3 : cells;
    int room = n * 60;
    pos = calloc(n, sizeof(vec)), vel = calloc(n, sizeof(vec)), force = calloc(n, sizeof(vec));
    head = malloc(sizeof(int) * cells * cells * cells), next = malloc(sizeof(int) * n);
    start = malloc(sizeof(int) * (n + 1)), list = malloc(sizeof(int) * room);
    for (int i = 0; i < n; i++) {
        double *v = &vel[i].x, *p = &pos[i].x;
        int grid[3] = {i / side / side, i / side % side, i % side};
        for (int k = 0; k < 3; k++) {
            s = s * 1664525u + 1013904223u;
            v[k] = (s >> 8) / 8388608.0 - 1;
            p[k] = grid[k] * 1.2 + 0.3;
        }
    }
    const double dt = 0.003;
    double energy = 0;
    neighbours(room);
    forces();
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < n; i++) {
            double *v = &vel[i].x, *p = &pos[i].x, *f = &force[i].x;
            for (int k = 0; k < 3; k++) {
                v[k] += 0.5 * dt * f[k];
                p[k] += dt * v[k];
                p[k] -= p[k] >= box ? box : p[k] < 0 ? -box : 0;
            }
        }
        if (t % 5 == 4)
            neighbours(room);
        energy = forces();
        for (int i = 0; i < n; i++) {
            vel[i].x += 0.5 * dt * force[i].x;
            vel[i].y += 0.5 * dt * force[i].y;
            vel[i].z += 0.5 * dt * force[i].z;
            energy += 0.5 * (vel[i].x * vel[i].x + vel[i].y * vel[i].y + vel[i].z * vel[i].z);
        }
    }
    printf("checksum %.6f %d\n", energy, pairs);
    return 0;
}
