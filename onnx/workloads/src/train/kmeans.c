/* k-means and a Viterbi path: float distances with arg-min, log-domain DP.
 * args: points dims clusters rounds states */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 2000, d = argc > 2 ? atoi(argv[2]) : 4;
    int k = argc > 3 ? atoi(argv[3]) : 8, rounds = argc > 4 ? atoi(argv[4]) : 4;
    int m = argc > 5 ? atoi(argv[5]) : 16;
    float *x = malloc(4 * n * d), *c = malloc(4 * k * d), *acc = malloc(4 * k * d);
    int *own = malloc(sizeof(int) * n), *count = malloc(sizeof(int) * k);
    double r = 0.37;
    for (int i = 0; i < n * d; i++) {
        r = 3.99 * r * (1 - r);
        x[i] = (float)r + (i / d % 3);
    }
    for (int i = 0; i < k * d; i++)
        c[i] = x[i * 7 % (n * d)];
    for (int t = 0; t < rounds; t++) {
        for (int i = 0; i < k * d; i++)
            acc[i] = 0, count[i / d] = 0;
        for (int i = 0; i < n; i++) {
            float best = FLT_MAX;
            for (int j = 0; j < k; j++) {
                float s = 0;
                for (int q = 0; q < d; q++) {
                    float e = x[i * d + q] - c[j * d + q];
                    s += e * e;
                }
                if (s < best)
                    best = s, own[i] = j;
            }
            count[own[i]]++;
            for (int q = 0; q < d; q++)
                acc[own[i] * d + q] += x[i * d + q];
        }
        for (int i = 0; i < k * d; i++)
            if (count[i / d])
                c[i] = acc[i] / count[i / d];
    }
    double *v = calloc(m, 8), *w = calloc(m, 8);
    int path = 0;
    for (int t = 0; t < n / 4; t++) {
        for (int j = 0; j < m; j++) {
            double best = -DBL_MAX;
            for (int i = 0; i < m; i++) {
                double p = v[i] - 0.1 * abs(i - j);
                if (p > best)
                    best = p, path ^= i;
            }
            w[j] = best - fabs(x[t] - j * 0.2);
        }
        double *tmp = v;
        v = w, w = tmp;
    }
    double sum = v[0];
    for (int i = 0; i < k * d; i++)
        sum += c[i];
    printf("checksum %.5f %d\n", sum, path);
    return 0;
}
