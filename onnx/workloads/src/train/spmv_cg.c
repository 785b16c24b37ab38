/* Conjugate gradient on a sparse CSR matrix with scattered off-diagonals.
 * args: n nonzeros-per-row iterations */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static double dot(int n, const double *a, const double *b) {
    double s = 0;
    for (int i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 20000, k = argc > 2 ? atoi(argv[2]) : 5;
    int it = argc > 3 ? atoi(argv[3]) : 3;
    int *col = malloc(sizeof(int) * n * k);
    double *val = malloc(sizeof(double) * n * k);
    double *x = calloc(n, 8), *r = malloc(n * 8), *p = malloc(n * 8), *q = malloc(n * 8);
    uint32_t h = 2463534242u;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < k; j++) {
            h ^= h << 13, h ^= h >> 17, h ^= h << 5;
            col[i * k + j] = j ? (int)(h % n) : i;
            val[i * k + j] = j ? 0.05 : 4.0;
        }
        p[i] = r[i] = 1.0 + (i & 3);
    }
    double rr = dot(n, r, r);
    for (int t = 0; t < it; t++) {
        for (int i = 0; i < n; i++) {
            double s = 0;
            for (int j = 0; j < k; j++)
                s += val[i * k + j] * p[col[i * k + j]];
            q[i] = s;
        }
        double a = rr / dot(n, p, q);
        for (int i = 0; i < n; i++) {
            x[i] += a * p[i];
            r[i] -= a * q[i];
        }
        double rn = dot(n, r, r), b = rn / rr;
        rr = rn;
        for (int i = 0; i < n; i++)
            p[i] = r[i] + b * p[i];
    }
    printf("checksum %.9e %.9e\n", rr, x[n / 2]);
    return 0;
}
