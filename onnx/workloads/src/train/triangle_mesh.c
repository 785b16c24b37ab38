/* Triangle: a quality mesh of a plate with holes over random points.
 * args: seed points angle */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triangle.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 9;
    int n = argc > 2 ? atoi(argv[2]) : 400, angle = argc > 3 ? atoi(argv[3]) : 25;
    enum { RIM = 24, RINGS = 3 };
    struct triangulateio in, out;
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    in.numberofpoints = 4 + RIM * RINGS + n;
    in.pointlist = malloc(sizeof(double) * 2 * in.numberofpoints);
    in.numberofsegments = 4 + RIM * RINGS;
    in.segmentlist = malloc(sizeof(int) * 2 * in.numberofsegments);
    in.numberofholes = RINGS;
    in.holelist = malloc(sizeof(double) * 2 * RINGS);
    double *p = in.pointlist;
    for (int i = 0; i < 4; i++) {
        *p++ = i == 1 || i == 2 ? 100 : 0, *p++ = i >= 2 ? 100 : 0;
        in.segmentlist[2 * i] = i, in.segmentlist[2 * i + 1] = (i + 1) % 4;
    }
    for (int r = 0; r < RINGS; r++) {
        double cx = 25 + 25 * r, cy = r == 1 ? 70 : 30;
        in.holelist[2 * r] = cx, in.holelist[2 * r + 1] = cy;
        for (int k = 0; k < RIM; k++) {
            int at = 4 + r * RIM;
            *p++ = cx + 8 * cos(6.2831853 * k / RIM), *p++ = cy + 8 * sin(6.2831853 * k / RIM);
            in.segmentlist[2 * (at + k)] = at + k;
            in.segmentlist[2 * (at + k) + 1] = at + (k + 1) % RIM;
        }
    }
    for (int i = 0; i < 2 * n; i++) {
        s = s * 1664525u + 1013904223u;
        *p++ = 1 + 98.0 * (s >> 8) / 16777216.0;
    }
    char flags[32];
    snprintf(flags, sizeof flags, "pzQq%d", angle);
    triangulate(flags, &in, &out, NULL);
    double sum = 0;
    for (int i = 0; i < out.numberoftriangles; i++) {
        const int *t = out.trianglelist + 3 * i;
        const double *a = out.pointlist + 2 * t[0], *b = out.pointlist + 2 * t[1];
        const double *c = out.pointlist + 2 * t[2];
        sum += fabs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) * (1 + i % 7);
    }
    printf("checksum %.6e %d\n", sum, out.numberoftriangles);
    return 0;
}
