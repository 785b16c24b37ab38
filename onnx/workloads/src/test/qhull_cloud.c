/* Qhull: convex hull and Delaunay triangulation of a generated point cloud.
 * args: points dimension options(joined by _) */
#include <libqhull_r/libqhull_r.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 60, dim = argc > 2 ? atoi(argv[2]) : 3;
    char command[64];
    snprintf(command, sizeof command, "qhull %s Q11", argc > 3 ? argv[3] : "Pp");
    for (char *c = command + 6; *c; c++)
        if (*c == '_')
            *c = ' ';
    coordT *points = malloc(sizeof *points * n * dim);
    for (int i = 0; i < n; i++)
        for (int d = 0; d < dim; d++)
            points[i * dim + d] = fmod((i + 1) * sqrt(2 + 3 * d), 1.0) + 0.001 * (i % (d + 2));
    qhT state, *qh = &state;
    qh_zero(qh, stderr);
    if (qh_new_qhull(qh, dim, n, points, False, command, NULL, stderr))
        return 1;
    double area = 0;
    int facets = 0;
    facetT *facet;
    FORALLfacets {
        facets++;
        area += facet->offset;
    }
    printf("checksum %d %d %.6f\n", facets, qh->num_vertices, area);
    qh_freeqhull(qh, qh_ALL);
    return 0;
}
