/* Dense double matrix product: plain, transposed-order or blocked.
 * args: n variant(0 ijk, 1 ikj, 2 blocked) repeat */
#include <stdio.h>
#include <stdlib.h>

static void ijk(int n, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double s = 0;
            for (int k = 0; k < n; k++)
                s += a[i * n + k] * b[k * n + j];
            c[i * n + j] += s;
        }
}

static void ikj(int n, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            double x = a[i * n + k];
            for (int j = 0; j < n; j++)
                c[i * n + j] += x * b[k * n + j];
        }
}

static void blocked(int n, const double *a, const double *b, double *c) {
    const int t = 16;
    for (int ii = 0; ii < n; ii += t)
        for (int kk = 0; kk < n; kk += t)
            for (int jj = 0; jj < n; jj += t)
                for (int i = ii; i < ii + t && i < n; i++)
                    for (int k = kk; k < kk + t && k < n; k++) {
                        double x = a[i * n + k];
                        for (int j = jj; j < jj + t && j < n; j++)
                            c[i * n + j] += x * b[k * n + j];
                    }
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 64, v = argc > 2 ? atoi(argv[2]) : 0;
    int rep = argc > 3 ? atoi(argv[3]) : 1;
    double *a = malloc(sizeof *a * n * n), *b = malloc(sizeof *b * n * n);
    double *c = calloc(n * n, sizeof *c);
    for (int i = 0; i < n * n; i++) {
        a[i] = (i * 7 % 13) * 0.25 - 1.0;
        b[i] = (i * 5 % 11) * 0.5 - 2.0;
    }
    for (int r = 0; r < rep; r++)
        (v == 0 ? ijk : v == 1 ? ikj : blocked)(n, a, b, c);
    double s = 0;
    for (int i = 0; i < n; i++)
        s += c[i * n + (i * 3 % n)] * (i + 1);
    printf("checksum %.6f\n", s);
    return 0;
}
