/* LU decomposition with partial pivoting and triangular solves.
 * args: n systems */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int lu(int n, double **a, int *piv) {
    for (int k = 0; k < n; k++) {
        int p = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[p][k]))
                p = i;
        if (a[p][k] == 0)
            return -1;
        double *t = a[p];
        a[p] = a[k], a[k] = t;
        piv[k] = p;
        for (int i = k + 1; i < n; i++) {
            double f = a[i][k] /= a[k][k];
            for (int j = k + 1; j < n; j++)
                a[i][j] -= f * a[k][j];
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 60, m = argc > 2 ? atoi(argv[2]) : 4;
    double **a = malloc(n * sizeof *a), *x = malloc(n * sizeof *x), sum = 0;
    int *piv = malloc(n * sizeof *piv);
    for (int i = 0; i < n; i++)
        a[i] = malloc(n * sizeof **a);
    for (int s = 0; s < m; s++) {
        for (int i = 0; i < n; i++) {
            x[i] = i + s;
            for (int j = 0; j < n; j++)
                a[i][j] = ((i * 31 + j * 17 + s * 7) ^ (i * j)) % 64 - 31.5 + (i == j);
        }
        if (lu(n, a, piv))
            continue;
        for (int i = 0; i < n; i++) {
            double t = x[piv[i]];
            x[piv[i]] = x[i], x[i] = t;
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++)
                x[i] -= a[i][j] * x[j];
        for (int i = n - 1; i >= 0; i--) {
            for (int j = i + 1; j < n; j++)
                x[i] -= a[i][j] * x[j];
            x[i] /= a[i][i];
        }
        sum += fabs(x[0]) + fabs(x[n / 2]);
    }
    printf("checksum %.8e\n", sum);
    return 0;
}
