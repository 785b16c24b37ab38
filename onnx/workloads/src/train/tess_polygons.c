/* libtess2: tessellate self-intersecting stars and rings under each winding rule.
 * args: seed polygons points */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tesselator.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 3;
    int polygons = argc > 2 ? atoi(argv[2]) : 10, n = argc > 3 ? atoi(argv[3]) : 60;
    double area = 0;
    unsigned cells = 0;
    float *p = malloc(sizeof *p * 2 * n);
    for (int i = 0; i < polygons; i++) {
        TESStesselator *tess = tessNewTess(NULL);
        for (int ring = 0; ring < 3; ring++) {
            for (int k = 0; k < n; k++) {
                s = s * 1664525u + 1013904223u;
                double turn = 6.2831853 * k * (ring == 1 ? 2 : 1) / n;
                double r = 100.0 / (ring + 1) * (0.6 + 0.4 * (s >> 16) / 65536.0);
                p[2 * k] = (float)(r * cos(turn) + ring * 30);
                p[2 * k + 1] = (float)(r * sin(turn) - ring * 12);
            }
            tessAddContour(tess, 2, p, 2 * sizeof *p, n);
        }
        int kind = i % 3 == 2 ? TESS_CONNECTED_POLYGONS : TESS_POLYGONS;
        if (!tessTesselate(tess, i % 5, kind, 3 + i % 3, 2, NULL))
            return 1;
        const float *v = tessGetVertices(tess);
        const int *e = tessGetElements(tess);
        int size = 3 + i % 3, step = kind == TESS_POLYGONS ? size : 2 * size;
        for (int t = 0; t < tessGetElementCount(tess); t++, cells++)
            for (int k = 1; k + 1 < size && e[t * step + k + 1] != TESS_UNDEF; k++) {
                const float *a = v + 2 * e[t * step], *b = v + 2 * e[t * step + k];
                const float *c = v + 2 * e[t * step + k + 1];
                area += (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
            }
        tessDeleteTess(tess);
    }
    printf("checksum %.6e %u\n", area, cells);
    return 0;
}
