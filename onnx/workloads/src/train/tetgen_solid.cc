// TetGen: Delaunay tetrahedra of a point cloud, some of it on a regular grid.
// args: seed points grid
#include <cstdio>
#include <cstdlib>
#include <tetgen.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 5;
    int n = argc > 2 ? atoi(argv[2]) : 200, grid = argc > 3 ? atoi(argv[3]) : 3;
    tetgenio in, out;
    in.firstnumber = 0;
    in.numberofpoints = n + grid * grid * grid;
    in.pointlist = new double[3 * in.numberofpoints];
    double *p = in.pointlist;
    for (int i = 0; i < 3 * n; i++) {
        s = s * 1664525u + 1013904223u;
        *p++ = 10.0 * (s >> 8) / 16777216.0;
    }
    for (int i = 0; i < grid * grid * grid; i++) {
        *p++ = i % grid * 3.0;
        *p++ = i / grid % grid * 3.0;
        *p++ = i / grid / grid * 3.0;
    }
    char flags[] = "Qzn";
    tetrahedralize(flags, &in, &out);
    unsigned sum = 0;
    for (int i = 0; i < 4 * out.numberoftetrahedra; i++)
        sum = sum * 31 + out.tetrahedronlist[i] * 7 + (out.neighborlist ? out.neighborlist[i] : 0);
    printf("checksum %08x %d\n", sum, out.numberoftetrahedra);
    return 0;
}
