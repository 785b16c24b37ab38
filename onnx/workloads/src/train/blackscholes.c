/* Option prices through exp, log and the normal distribution of libm.
 * args: seed options */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static double cdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 5000;
    double total = 0;
    for (int i = 0; i < n; i++) {
        s = s * 6364136223846793005ull + 1442695040888963407ull;
        double spot = 50 + (s >> 54), strike = 50 + (s >> 34 & 1023);
        double vol = 0.05 + (s >> 20 & 255) / 512.0, t = 0.1 + (s >> 44 & 63) / 16.0;
        double d1 = (log(spot / strike) + (0.02 + vol * vol / 2) * t) / (vol * sqrt(t));
        double d2 = d1 - vol * sqrt(t);
        double call = spot * cdf(d1) - strike * exp(-0.02 * t) * cdf(d2);
        if (s >> 63)
            call += strike * exp(-0.02 * t) - spot;
        total += call;
    }
    printf("checksum %.6f\n", total);
    return 0;
}
