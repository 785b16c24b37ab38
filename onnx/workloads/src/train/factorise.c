/* Dense factorisations: Householder QR with back substitution, one-sided Jacobi SVD,
 * banded Cholesky, power iteration, Strassen product. args: seed n rounds part(0-4, 5 all) */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t s;
static double rnd(void) {
    s = s * 1664525u + 1013904223u;
    return (s >> 8) / 8388608.0 - 1;
}

static double qr(int n, double *a, double *b) { /* column-major */
    for (int k = 0; k < n; k++) {
        double *v = a + k * n, norm = 0;
        for (int i = k; i < n; i++)
            norm += v[i] * v[i];
        norm = v[k] > 0 ? -sqrt(norm) : sqrt(norm);
        v[k] -= norm;
        double scale = -1 / (norm * v[k]);
        for (int j = k + 1; j <= n; j++) {
            double *c = j < n ? a + j * n : b, dot = 0;
            for (int i = k; i < n; i++)
                dot += v[i] * c[i];
            dot *= scale;
            for (int i = k; i < n; i++)
                c[i] -= dot * v[i];
        }
        v[k] = norm;
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++)
            b[k] -= a[j * n + k] * b[j];
        b[k] /= a[k * n + k];
    }
    return b[0] + b[n - 1];
}

static double jacobi(int n, double *a, int sweeps) {
    for (int sweep = 0; sweep < sweeps; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                double *x = a + p * n, *y = a + q * n, xx = 0, yy = 0, xy = 0;
                for (int i = 0; i < n; i++)
                    xx += x[i] * x[i], yy += y[i] * y[i], xy += x[i] * y[i];
                if (fabs(xy) < 1e-10 * sqrt(xx * yy))
                    continue;
                double z = (yy - xx) / (2 * xy);
                double t = copysign(1, z) / (fabs(z) + sqrt(1 + z * z)), c = 1 / sqrt(1 + t * t);
                for (int i = 0; i < n; i++) {
                    double u = x[i], v = y[i];
                    x[i] = c * (u - t * v);
                    y[i] = c * (t * u + v);
                }
            }
    double largest = 0;
    for (int p = 0; p < n; p++) {
        double norm = 0;
        for (int i = 0; i < n; i++)
            norm += a[p * n + i] * a[p * n + i];
        largest = fmax(largest, norm);
    }
    return sqrt(largest);
}

static double banded(int n, int band, double *l, double *x) { /* row i holds i-band..i */
    int w = band + 1;
    for (int i = 0; i < n; i++)
        for (int j = i > band ? i - band : 0; j <= i; j++) {
            double v = l[i * w + j - i + band];
            for (int k = i > band ? i - band : 0; k < j; k++)
                if (j - k <= band)
                    v -= l[i * w + k - i + band] * l[j * w + k - j + band];
            l[i * w + j - i + band] = i == j ? sqrt(v) : v / l[j * w + band];
        }
    for (int i = 0; i < n; i++) {
        for (int k = i > band ? i - band : 0; k < i; k++)
            x[i] -= l[i * w + k - i + band] * x[k];
        x[i] /= l[i * w + band];
    }
    return x[n - 1];
}

static double power(int n, const double *a, double *x, double *y, int steps) {
    double norm = 0;
    for (int t = 0; t < steps; t++) {
        norm = 0;
        for (int i = 0; i < n; i++) {
            double v = 0;
            for (int j = 0; j < n; j++)
                v += a[j * n + i] * x[j]; /* strided */
            y[i] = v;
            norm += v * v;
        }
        norm = sqrt(norm);
        for (int i = 0; i < n; i++)
            x[i] = y[i] / norm;
    }
    return norm;
}

static void strassen(int n, int sa, const double *a, int sb, const double *b, double *c, double *t) {
    if (n <= 8) {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                double v = 0;
                for (int k = 0; k < n; k++)
                    v += a[i * sa + k] * b[k * sb + j];
                c[i * n + j] = v;
            }
        return;
    }
    static const int8_t use[7][4][2] = {/* two quarters of a, two of b, with signs */
        {{0, 1}, {3, 1}, {0, 1}, {3, 1}}, {{2, 1}, {3, 1}, {0, 1}, {0, 0}},
        {{0, 1}, {0, 0}, {1, 1}, {3, -1}}, {{3, 1}, {0, 0}, {2, 1}, {0, -1}},
        {{0, 1}, {1, 1}, {3, 1}, {0, 0}}, {{2, 1}, {0, -1}, {0, 1}, {1, 1}},
        {{1, 1}, {3, -1}, {2, 1}, {3, 1}}};
    static const int8_t into[7][4] = {{1, 0, 0, 1}, {0, 0, 1, -1}, {0, 1, 0, 1}, {1, 0, 1, 0},
        {-1, 1, 0, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}};
    int h = n / 2, q = h * h;
    memset(c, 0, sizeof *c * n * n);
    for (int m = 0; m < 7; m++) {
        double *x = t, *y = t + q, *z = t + 2 * q;
        for (int i = 0; i < h; i++)
            for (int j = 0; j < h; j++) {
                const int8_t(*u)[2] = use[m];
                x[i * h + j] = a[(u[0][0] / 2 * h + i) * sa + u[0][0] % 2 * h + j] +
                               u[1][1] * a[(u[1][0] / 2 * h + i) * sa + u[1][0] % 2 * h + j];
                y[i * h + j] = b[(u[2][0] / 2 * h + i) * sb + u[2][0] % 2 * h + j] +
                               u[3][1] * b[(u[3][0] / 2 * h + i) * sb + u[3][0] % 2 * h + j];
            }
        strassen(h, h, x, h, y, z, t + 3 * q);
        for (int p = 0; p < 4; p++)
            if (into[m][p])
                for (int i = 0; i < h; i++)
                    for (int j = 0; j < h; j++)
                        c[(p / 2 * h + i) * n + p % 2 * h + j] += into[m][p] * z[i * h + j];
    }
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 32, rounds = argc > 3 ? atoi(argv[3]) : 1;
    int part = argc > 4 ? atoi(argv[4]) : 5;
    double *a = malloc(sizeof(double) * n * n), *b = malloc(sizeof(double) * n * n);
    double *c = malloc(sizeof(double) * n * n), *t = malloc(sizeof(double) * n * n * 2);
    double *x = malloc(sizeof(double) * n), *y = malloc(sizeof(double) * n), sum = 0;
    int even = n & ~15;
    while (even & (even - 1))
        even &= even - 1;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < n * n; i++)
            a[i] = rnd(), b[i] = a[i] * 0.5;
        for (int i = 0; i < n; i++)
            x[i] = rnd();
        switch (part < 5 ? part : r % 5) {
        case 0: sum += qr(n, a, x); break;
        case 1: sum += jacobi(n, a, 3); break;
        case 2:
            for (int i = 0; i < n; i++)
                a[i * 9 % (n * n) + 8] = 0;
            for (int i = 0; i < n; i++)
                a[i * 9 + 8] = 20;
            sum += banded(n, 8, a, x);
            break;
        case 3: sum += power(n, a, x, y, 12); break;
        default: strassen(even, n, a, n, b, c, t); sum += c[even + 1] + c[even * even - 1];
        }
    }
    printf("checksum %.6e\n", sum);
    return 0;
}
