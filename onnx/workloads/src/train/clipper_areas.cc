// Clipper: unions, differences and offsets of random stars, blobs and strokes.
// args: seed shapes points
#include <clipper.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace ClipperLib;

static unsigned s;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static Path shape(int points) {
    Path path;
    double x = rnd(4000), y = rnd(4000), turn = rnd(3) == 0 ? 2.4 : 6.2831853 / points;
    for (int i = 0; i < points; i++) {
        double r = 200 + rnd(500);
        path << IntPoint(cInt(x + r * cos(i * turn)), cInt(y + r * sin(i * turn)));
    }
    return path;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 8;
    int shapes = argc > 2 ? atoi(argv[2]) : 20, points = argc > 3 ? atoi(argv[3]) : 24;
    double area = 0;
    unsigned corners = 0;
    Paths land, holes, out;
    for (int i = 0; i < shapes; i++)
        (i % 3 ? land : holes).push_back(shape(points));
    for (int op = 0; op < 4; op++) {
        Clipper clipper;
        clipper.AddPaths(land, ptSubject, true);
        clipper.AddPaths(holes, ptClip, true);
        if (!clipper.Execute(ClipType(op), out, op & 1 ? pftNonZero : pftEvenOdd, pftNonZero))
            return 1;
        for (const Path &p : out)
            area += Area(p) * (op + 1), corners += p.size();
    }
    SimplifyPolygons(out);
    Paths grown;
    for (int k = 0; k < 3; k++) {
        ClipperOffset offset(2.0, 4.0);
        offset.AddPaths(out, JoinType(k), k == 2 ? etOpenRound : etClosedPolygon);
        offset.Execute(grown, k == 1 ? -20 : 35);
        for (const Path &p : grown)
            area += Area(p), corners += p.size();
    }
    PolyTree tree;
    Clipper nest;
    nest.AddPaths(grown, ptSubject, true);
    nest.Execute(ctUnion, tree, pftNonZero, pftNonZero);
    for (PolyNode *n = tree.GetFirst(); n; n = n->GetNext())
        corners += n->IsHole() ? 3 : 1;
    printf("checksum %.8e %u\n", area, corners);
    return 0;
}
