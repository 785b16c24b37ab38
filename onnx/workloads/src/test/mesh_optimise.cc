// meshoptimizer: reorder, simplify and encode a generated terrain mesh.
// args: side
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "meshoptimizer.h"

struct Vertex {
    float p[3], uv[2];
};

int main(int argc, char **argv) {
    unsigned side = argc > 1 ? unsigned(std::atoi(argv[1])) : 12;
    std::vector<Vertex> soup;
    auto at = [&](unsigned x, unsigned y) {
        soup.push_back({{float(x), std::sin(x * 0.7f) * std::cos(y * 0.4f), float(y)},
                        {float(x) / side, float(y) / side}});
    };
    for (unsigned k = 0; k < side * side; k++) {
        unsigned c = k * 37 % (side * side), x = c % side, y = c / side;
        at(x, y), at(x + 1, y), at(x, y + 1);
        at(x + 1, y), at(x + 1, y + 1), at(x, y + 1);
    }
    size_t n = soup.size();
    std::vector<unsigned> remap(n), index(n);
    size_t unique = meshopt_generateVertexRemap(remap.data(), nullptr, n, soup.data(), n, sizeof(Vertex));
    std::vector<Vertex> vertex(unique);
    meshopt_remapIndexBuffer(index.data(), nullptr, n, remap.data());
    meshopt_remapVertexBuffer(vertex.data(), soup.data(), n, sizeof(Vertex), remap.data());
    meshopt_optimizeVertexCache(index.data(), index.data(), n, unique);
    meshopt_optimizeOverdraw(index.data(), index.data(), n, vertex[0].p, unique, sizeof(Vertex), 1.05f);
    meshopt_optimizeVertexFetch(vertex.data(), index.data(), n, vertex.data(), unique, sizeof(Vertex));
    std::vector<unsigned> lod(n);
    float error = 0;
    size_t m = meshopt_simplify(lod.data(), index.data(), n, vertex[0].p, unique, sizeof(Vertex), n / 3,
                                0.1f, 0, &error);
    std::vector<unsigned char> code(meshopt_encodeIndexBufferBound(n, unique));
    code.resize(meshopt_encodeIndexBuffer(code.data(), code.size(), index.data(), n));
    unsigned sum = unsigned(m);
    for (unsigned char b : code)
        sum = sum * 31 + b;
    std::printf("checksum %08x %zu %zu\n", sum, unique, m);
}
