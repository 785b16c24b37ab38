/* Lattice Boltzmann D2Q9 flow past a block, arrays of structs or structs of arrays.
 * args: width height steps layout(0 cell-major, 1 direction-major) */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const int cx[9] = {0, 1, 0, -1, 0, 1, -1, -1, 1}, cy[9] = {0, 0, 1, 0, -1, 1, 1, -1, -1};
static const int back[9] = {0, 3, 4, 1, 2, 7, 8, 5, 6};
static const double weight[9] = {4 / 9., 1 / 9., 1 / 9., 1 / 9., 1 / 9., 1 / 36., 1 / 36., 1 / 36.,
    1 / 36.};
static int w, h, layout;
static uint8_t *wall;

static inline size_t at(int x, int y, int d) {
    size_t cell = (size_t)y * w + x;
    return layout ? (size_t)d * w * h + cell : cell * 9 + d;
}

static void step(const double *f, double *g) {
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double in[9], rho = 0, ux = 0, uy = 0;
            if (wall[y * w + x])
                continue;
            for (int d = 0; d < 9; d++) { /* pull from the neighbours, bounce at walls */
                int sx = x - cx[d], sy = y - cy[d];
                sx = sx < 0 ? w - 1 : sx == w ? 0 : sx;
                sy = sy < 0 ? h - 1 : sy == h ? 0 : sy;
                in[d] = wall[sy * w + sx] ? f[at(x, y, back[d])] : f[at(sx, sy, d)];
                rho += in[d];
                ux += cx[d] * in[d];
                uy += cy[d] * in[d];
            }
            ux = ux / rho + 1e-5;
            uy /= rho;
            double u2 = 1.5 * (ux * ux + uy * uy);
            for (int d = 0; d < 9; d++) {
                double cu = 3 * (cx[d] * ux + cy[d] * uy);
                double eq = weight[d] * rho * (1 + cu + 0.5 * cu * cu - u2);
                g[at(x, y, d)] = in[d] + 1.2 * (eq - in[d]);
            }
        }
}

int main(int argc, char **argv) {
    w = argc > 1 ? atoi(argv[1]) : 40, h = argc > 2 ? atoi(argv[2]) : 20;
    int steps = argc > 3 ? atoi(argv[3]) : 4;
    layout = argc > 4 ? atoi(argv[4]) : 0;
    size_t n = (size_t)w * h * 9;
    double *f = malloc(n * sizeof *f), *g = malloc(n * sizeof *g);
    wall = calloc((size_t)w * h, 1);
    for (size_t i = 0; i < n; i++)
        f[i] = g[i] = weight[layout ? i / ((size_t)w * h) : i % 9];
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            wall[y * w + x] = y == 0 || (abs(x - w / 4) < 4 && abs(y - h / 2) < h / 6);
    for (int t = 0; t < steps; t++) {
        step(f, g);
        double *s = f;
        f = g;
        g = s;
    }
    double sum = 0;
    for (int x = 0; x < w; x++)
        sum += f[at(x, h / 2 - 1, 1)] - f[at(x, h / 2 - 1, 3)] + fabs(f[at(x, h - 1, 5)]);
    printf("checksum %.12f\n", sum);
    return 0;
}
