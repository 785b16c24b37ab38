/* Recursive radix-2 complex FFT, forward and back, with a pointwise filter.
 * args: log2(n) rounds */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { double re, im; } cpx;

static void fft(cpx *x, cpx *tmp, int n, int dir, const cpx *w, int stride) {
    if (n == 1)
        return;
    int h = n / 2;
    for (int i = 0; i < h; i++) {
        tmp[i] = x[2 * i];
        tmp[h + i] = x[2 * i + 1];
    }
    fft(tmp, x, h, dir, w, stride * 2);
    fft(tmp + h, x + h, h, dir, w, stride * 2);
    for (int k = 0; k < h; k++) {
        double wr = w[k * stride].re, wi = dir * w[k * stride].im;
        cpx o = tmp[h + k], e = tmp[k];
        double tr = o.re * wr - o.im * wi, ti = o.re * wi + o.im * wr;
        x[k] = (cpx){e.re + tr, e.im + ti};
        x[h + k] = (cpx){e.re - tr, e.im - ti};
    }
}

int main(int argc, char **argv) {
    int lg = argc > 1 ? atoi(argv[1]) : 12, rounds = argc > 2 ? atoi(argv[2]) : 4;
    int n = 1 << lg;
    cpx *x = malloc(n * sizeof *x), *t = malloc(n * sizeof *t), *w = malloc(n * sizeof *w);
    for (int i = 0; i < n; i++) {
        w[i] = (cpx){cos(-2 * M_PI * i / n), sin(-2 * M_PI * i / n)};
        x[i] = (cpx){(i * 37 % 101) / 101.0, 0};
    }
    for (int r = 0; r < rounds; r++) {
        fft(x, t, n, 1, w, 1);
        for (int i = 0; i < n; i++) {
            double g = 1.0 / (1.0 + (i % 64)) / n;
            x[i].re *= g;
            x[i].im *= g;
        }
        fft(x, t, n, -1, w, 1);
    }
    double s = 0;
    for (int i = 0; i < n; i += 7)
        s += fabs(x[i].re) + fabs(x[i].im);
    printf("checksum %.9e\n", s);
    return 0;
}
