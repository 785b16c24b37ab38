/* ERFA: where stars, planets and the moon stand for an observer, night after night.
 * args: seed nights stars */
#include <erfa.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 3;
    int nights = argc > 2 ? atoi(argv[2]) : 6, stars = argc > 3 ? atoi(argv[3]) : 10;
    double sum = 0, day = 2451545.0;
    for (int night = 0; night < nights; night++) {
        double frac = night * 29.37 + 0.4, pv[2][3], moon[2][3], b[2][3], h[2][3], eo;
        double psi, eps, matrix[3][3];
        eraNut06a(day, frac, &psi, &eps);
        eraPnm06a(day, frac, matrix);
        eraEpv00(day, frac, h, b);
        eraMoon98(day, frac, moon);
        sum += psi * 1e4 + eps * 1e4 + matrix[0][1] + h[0][0] + b[1][1] + moon[0][2] * 1e3;
        for (int p = 1; p <= 8; p += 3)
            if (eraPlan94(day, frac, p, pv) >= 0)
                sum += pv[0][0] + pv[1][1];
        eraASTROM astrom;
        if (eraApco13(day, frac, 0.1, 0.3, -0.6, 2400, 1e-6, 2e-6, 800, 5, 0.4, 0.55, &astrom, &eo) < 0)
            return 1;
        for (int i = 0; i < stars; i++) {
            double ra, dec, az, zd, ha, dob, rob;
            s = s * 1664525u + 1013904223u;
            ra = (s >> 8) / 16777216.0 * 6.28;
            s = s * 1664525u + 1013904223u;
            dec = (s >> 8) / 16777216.0 * 2.8 - 1.4;
            eraAtciq(ra, dec, 1e-7, -2e-7, 0.03, 12, &astrom, &ra, &dec);
            eraAtioq(ra, dec, &astrom, &az, &zd, &ha, &dob, &rob);
            sum += az + zd + eraGmst06(day, frac, day, frac) + eraSeps(ra, dec, rob, dob);
        }
    }
    printf("checksum %.9e\n", sum);
    return 0;
}
