/* Gravitational n-body, leapfrog: divisions and square roots in chains.
 * args: bodies steps */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { double p[3], v[3], m; } body;

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 40, steps = argc > 2 ? atoi(argv[2]) : 50;
    body *b = calloc(n, sizeof *b);
    unsigned s = 12345;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 3; k++) {
            s = s * 1103515245u + 12345u;
            b[i].p[k] = (s >> 16 & 1023) / 512.0 - 1;
        }
        b[i].m = 1.0 + i % 5;
    }
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++) {
                double d[3], r2 = 0.01;
                for (int k = 0; k < 3; k++) {
                    d[k] = b[i].p[k] - b[j].p[k];
                    r2 += d[k] * d[k];
                }
                double mag = 0.001 / (r2 * sqrt(r2));
                for (int k = 0; k < 3; k++) {
                    b[i].v[k] -= d[k] * b[j].m * mag;
                    b[j].v[k] += d[k] * b[i].m * mag;
                }
            }
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 3; k++)
                b[i].p[k] += 0.001 * b[i].v[k];
    }
    double e = 0;
    for (int i = 0; i < n; i++)
        e += b[i].m * (b[i].v[0] * b[i].v[0] + b[i].p[1]);
    printf("checksum %.9f\n", e);
    return 0;
}
