// Marching tetrahedra over a sum of blobs, vertices shared through a hash map, normals,
// smoothing over neighbours, then boxes of the triangles in an R-tree and window queries.
// args: seed cells blobs queries
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <vector>

struct P {
    float x, y, z;
};
struct Blob {
    P c;
    float r;
};
struct Box {
    P lo, hi;
};
struct RNode {
    Box box;
    int first, count; // children, or triangles in a leaf
    bool leaf;
};

static int n;
static std::vector<float> field;
static std::vector<P> vertices;
static std::vector<std::array<int, 3>> faces;
static std::unordered_map<uint64_t, int> shared;

static float at(int i) { return field[(size_t)i]; }

static P place(int i) {
    int w = n + 1;
    return {(float)(i % w), (float)(i / w % w), (float)(i / w / w)};
}

static int crossing(int a, int b) {
    if (a > b)
        std::swap(a, b);
    auto [it, fresh] = shared.try_emplace((uint64_t)a << 32 | (uint32_t)b, (int)vertices.size());
    if (fresh) {
        P p = place(a), q = place(b);
        float t = at(a) / (at(a) - at(b));
        vertices.push_back({p.x + (q.x - p.x) * t, p.y + (q.y - p.y) * t, p.z + (q.z - p.z) * t});
    }
    return it->second;
}

static void tetrahedron(const std::array<int, 4> &t) {
    int in[4], out[4], ni = 0, no = 0;
    for (int v : t)
        (at(v) > 0 ? in[ni++] : out[no++]) = v;
    if (ni == 1)
        faces.push_back({crossing(in[0], out[0]), crossing(in[0], out[1]), crossing(in[0], out[2])});
    if (ni == 3)
        faces.push_back({crossing(in[0], out[0]), crossing(in[1], out[0]), crossing(in[2], out[0])});
    if (ni == 2) {
        int a = crossing(in[0], out[0]), b = crossing(in[0], out[1]);
        int c = crossing(in[1], out[0]), d = crossing(in[1], out[1]);
        faces.push_back({a, b, c});
        faces.push_back({b, c, d});
    }
}

static void smooth(int rounds) {
    for (int r = 0; r < rounds; r++) {
        std::vector<P> sum(vertices.size(), P{0, 0, 0});
        std::vector<int> count(vertices.size());
        for (auto &f : faces)
            for (int k = 0; k < 3; k++) {
                const P &q = vertices[f[(k + 1) % 3]];
                P &s = sum[f[k]];
                s.x += q.x, s.y += q.y, s.z += q.z;
                count[f[k]]++;
            }
        for (size_t i = 0; i < vertices.size(); i++)
            if (count[i]) {
                float k = 0.5f / (float)count[i];
                P &v = vertices[i];
                v = {v.x * 0.5f + sum[i].x * k, v.y * 0.5f + sum[i].y * k, v.z * 0.5f + sum[i].z * k};
            }
    }
}

static Box join(const Box &a, const Box &b) {
    return {{std::min(a.lo.x, b.lo.x), std::min(a.lo.y, b.lo.y), std::min(a.lo.z, b.lo.z)},
            {std::max(a.hi.x, b.hi.x), std::max(a.hi.y, b.hi.y), std::max(a.hi.z, b.hi.z)}};
}
static bool meets(const Box &a, const Box &b) {
    return a.lo.x <= b.hi.x && b.lo.x <= a.hi.x && a.lo.y <= b.hi.y && b.lo.y <= a.hi.y &&
           a.lo.z <= b.hi.z && b.lo.z <= a.hi.z;
}

// Sort-tile packing: leaves of eight boxes, levels of eight nodes; returns the root.
static int pack(std::vector<Box> &boxes, std::vector<RNode> &tree) {
    std::sort(boxes.begin(), boxes.end(), [](const Box &a, const Box &b) {
        int za = (int)(a.lo.z / 4), zb = (int)(b.lo.z / 4), ya = (int)(a.lo.y / 4);
        int yb = (int)(b.lo.y / 4);
        return za != zb ? za < zb : ya != yb ? ya < yb : a.lo.x < b.lo.x;
    });
    int first = 0, count = (int)boxes.size();
    bool leaf = true;
    for (;;) {
        int start = (int)tree.size();
        for (int i = 0; i < count; i += 8) {
            RNode node{leaf ? boxes[i] : tree[first + i].box, first + i, std::min(8, count - i), leaf};
            for (int k = 1; k < node.count; k++)
                node.box = join(node.box, leaf ? boxes[i + k] : tree[first + i + k].box);
            tree.push_back(node);
        }
        first = start, count = (int)tree.size() - start, leaf = false;
        if (count == 1)
            return first;
    }
}

static int query(const std::vector<RNode> &tree, const std::vector<Box> &boxes, int node, const Box &w) {
    const RNode &r = tree[node];
    int hits = 0;
    for (int i = r.first; i < r.first + r.count; i++)
        if (r.leaf)
            hits += meets(boxes[i], w);
        else if (meets(tree[i].box, w))
            hits += query(tree, boxes, i, w);
    return hits;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    n = argc > 2 ? std::atoi(argv[2]) : 10;
    int blobs = argc > 3 ? std::atoi(argv[3]) : 3, queries = argc > 4 ? std::atoi(argv[4]) : 100;
    auto rnd = [&s](float k) {
        s = s * 1664525u + 1013904223u;
        return (float)(s >> 8) / 16777216.0f * k;
    };
    std::vector<Blob> blob;
    float side = (float)n;
    for (int i = 0; i < blobs; i++)
        blob.push_back({{rnd(side), rnd(side), rnd(side)}, side * 0.02f + rnd(side * 0.06f)});
    int w = n + 1;
    for (int i = 0; i < w * w * w; i++) {
        P p = place(i);
        float v = -0.11f;
        for (auto &b : blob) {
            float x = p.x - b.c.x, y = p.y - b.c.y, z = p.z - b.c.z;
            v += b.r / (1 + x * x + y * y + z * z);
        }
        field.push_back(v);
    }
    static const int corner[6][4] = {{0, 1, 3, 7}, {0, 1, 5, 7}, {0, 2, 3, 7},
                                     {0, 2, 6, 7}, {0, 4, 5, 7}, {0, 4, 6, 7}};
    for (int z = 0; z < n; z++)
        for (int y = 0; y < n; y++)
            for (int x = 0; x < n; x++)
                for (auto &c : corner) {
                    std::array<int, 4> t;
                    for (int k = 0; k < 4; k++)
                        t[k] = ((z + (c[k] >> 2)) * w + y + (c[k] >> 1 & 1)) * w + x + (c[k] & 1);
                    tetrahedron(t);
                }
    smooth(3);
    std::vector<Box> boxes;
    double area = 0;
    for (auto &f : faces) {
        const P &a = vertices[f[0]], &b = vertices[f[1]], &c = vertices[f[2]];
        float ux = b.x - a.x, uy = b.y - a.y, uz = b.z - a.z;
        float vx = c.x - a.x, vy = c.y - a.y, vz = c.z - a.z;
        float nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
        area += std::sqrt(nx * nx + ny * ny + nz * nz) / 2;
        boxes.push_back(join(join({a, a}, {b, b}), {c, c}));
    }
    long hits = 0;
    if (!boxes.empty()) {
        std::vector<RNode> tree;
        int root = pack(boxes, tree);
        for (int q = 0; q < queries; q++) {
            P p{rnd(side), rnd(side), rnd(side)};
            hits += query(tree, boxes, root, {p, {p.x + 2, p.y + 1, p.z + 2}});
        }
    }
    std::printf("checksum %.4f %zu %zu %ld\n", area, vertices.size(), faces.size(), hits);
}
