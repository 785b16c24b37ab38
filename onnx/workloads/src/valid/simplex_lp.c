/* Dense simplex method on generated linear programs: pivoting doubles.
 * args: constraints variables problems */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int m = argc > 1 ? atoi(argv[1]) : 20, n = argc > 2 ? atoi(argv[2]) : 30;
    int problems = argc > 3 ? atoi(argv[3]) : 3, w = n + m + 1;
    double *t = malloc(sizeof(double) * (m + 1) * w), total = 0;
    int pivots = 0;
    for (int q = 0; q < problems; q++) {
        for (int i = 0; i <= m; i++)
            for (int j = 0; j < w; j++) {
                double v = ((i * 73 + j * 37 + q * 11) % 29) + 1;
                t[i * w + j] = j < n ? (i == m ? -v : v * ((i + j) % 3 != 0))
                    : j < n + m ? j - n == i : i == m ? 0 : 100 + v;
            }
        for (int iter = 0; iter < 400; iter++, pivots++) {
            int c = 0, r = -1;
            for (int j = 1; j < n + m; j++)
                if (t[m * w + j] < t[m * w + c])
                    c = j;
            if (t[m * w + c] > -1e-9)
                break;
            double best = 1e300;
            for (int i = 0; i < m; i++)
                if (t[i * w + c] > 1e-9 && t[i * w + w - 1] / t[i * w + c] < best)
                    best = t[i * w + w - 1] / t[i * w + c], r = i;
            if (r < 0)
                break;
            double p = t[r * w + c];
            for (int j = 0; j < w; j++)
                t[r * w + j] /= p;
            for (int i = 0; i <= m; i++) {
                double f = t[i * w + c];
                if (i == r || f == 0)
                    continue;
                for (int j = 0; j < w; j++)
                    t[i * w + j] -= f * t[r * w + j];
            }
        }
        total += t[m * w + w - 1];
    }
    printf("checksum %.6f %d\n", total, pivots);
    return 0;
}
