// A bounding volume hierarchy over triangles (binned surface area), closest hits,
// shadow rays and one bounce. args: seed triangles width rays-per-pixel
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

struct V {
    float x, y, z;
    float operator[](int k) const { return k == 0 ? x : k == 1 ? y : z; }
};
static V operator+(V a, V b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
static V operator-(V a, V b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
static V operator*(V a, float s) { return {a.x * s, a.y * s, a.z * s}; }
static float dot(V a, V b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static V cross(V a, V b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
static V low(V a, V b) { return {std::min(a.x, b.x), std::min(a.y, b.y), std::min(a.z, b.z)}; }
static V high(V a, V b) { return {std::max(a.x, b.x), std::max(a.y, b.y), std::max(a.z, b.z)}; }

struct Box {
    V lo{1e30f, 1e30f, 1e30f}, hi{-1e30f, -1e30f, -1e30f};
    void add(V p) { lo = low(lo, p), hi = high(hi, p); }
    void add(const Box &b) { lo = low(lo, b.lo), hi = high(hi, b.hi); }
    float area() const {
        V d = hi - lo;
        return d.x < 0 ? 0 : d.x * d.y + d.y * d.z + d.z * d.x;
    }
};
struct Triangle {
    V a, e, f;
    Box box;
    V centre;
};
struct Node {
    Box box;
    int first, count, kid;
};
static std::vector<Triangle> tris;
static std::vector<Node> nodes;
static uint64_t visits;

static void build(int at, int first, int count) {
    Box all, centres;
    for (int i = first; i < first + count; i++)
        all.add(tris[i].box), centres.add(tris[i].centre);
    nodes[at] = {all, first, count, 0};
    if (count <= 4)
        return;
    float best = all.area() * (float)count;
    int axis = -1, cut = 0;
    for (int k = 0; k < 3; k++) {
        float from = centres.lo[k], size = centres.hi[k] - from;
        if (size < 1e-6f)
            continue;
        Box bin[12];
        int n[12] = {0};
        for (int i = first; i < first + count; i++) {
            int b = std::min(11, (int)((tris[i].centre[k] - from) / size * 12));
            bin[b].add(tris[i].box), n[b]++;
        }
        for (int c = 1; c < 12; c++) {
            Box l, r;
            int nl = 0, nr = 0;
            for (int b = 0; b < 12; b++)
                if (b < c)
                    l.add(bin[b]), nl += n[b];
                else
                    r.add(bin[b]), nr += n[b];
            float cost = l.area() * (float)nl + r.area() * (float)nr;
            if (cost < best)
                best = cost, axis = k, cut = c;
        }
    }
    if (axis < 0)
        return;
    float from = centres.lo[axis], size = centres.hi[axis] - from;
    auto mid = std::partition(tris.begin() + first, tris.begin() + first + count,
                              [&](const Triangle &t) {
                                  return std::min(11, (int)((t.centre[axis] - from) / size * 12)) < cut;
                              });
    int left = (int)(mid - tris.begin()) - first;
    if (left == 0 || left == count)
        return;
    int kid = (int)nodes.size();
    nodes.resize(nodes.size() + 2);
    nodes[at].kid = kid, nodes[at].count = 0;
    build(kid, first, left);
    build(kid + 1, first + left, count - left);
}

static float enter(const Box &b, V o, V inv, float far) {
    float ax = (b.lo.x - o.x) * inv.x, bx = (b.hi.x - o.x) * inv.x;
    float ay = (b.lo.y - o.y) * inv.y, by = (b.hi.y - o.y) * inv.y;
    float az = (b.lo.z - o.z) * inv.z, bz = (b.hi.z - o.z) * inv.z;
    float t0 = std::max({std::min(ax, bx), std::min(ay, by), std::min(az, bz), 0.0f});
    float t1 = std::min({std::max(ax, bx), std::max(ay, by), std::max(az, bz), far});
    return t0 <= t1 ? t0 : 1e30f;
}

static int trace(V o, V d, float &far, bool any) {
    V inv{1 / d.x, 1 / d.y, 1 / d.z};
    int stack[64], n = 0, hit = -1;
    stack[n++] = 0;
    while (n) {
        const Node &x = nodes[stack[--n]];
        visits++;
        if (x.count) {
            for (int i = x.first; i < x.first + x.count; i++) {
                const Triangle &t = tris[i];
                V p = cross(d, t.f), s = o - t.a;
                float det = dot(t.e, p);
                if (std::fabs(det) < 1e-9f)
                    continue;
                float u = dot(s, p) / det;
                V q = cross(s, t.e);
                float v = dot(d, q) / det, w = dot(t.f, q) / det;
                if (u < 0 || v < 0 || u + v > 1 || w < 1e-4f || w >= far)
                    continue;
                far = w, hit = i;
                if (any)
                    return hit;
            }
            continue;
        }
        float l = enter(nodes[x.kid].box, o, inv, far), r = enter(nodes[x.kid + 1].box, o, inv, far);
        if (std::max(l, r) < 1e30f)
            stack[n++] = x.kid + (l < r);
        if (std::min(l, r) < 1e30f)
            stack[n++] = x.kid + !(l < r);
    }
    return hit;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    int n = argc > 2 ? std::atoi(argv[2]) : 200, width = argc > 3 ? std::atoi(argv[3]) : 20;
    int rays = argc > 4 ? std::atoi(argv[4]) : 1;
    auto rnd = [&s] {
        s = s * 1664525u + 1013904223u;
        return (float)(s >> 8) / 16777216.0f;
    };
    for (int i = 0; i < n; i++) {
        Triangle t;
        t.a = V{rnd(), rnd(), rnd()} * 4 - V{2, 2, 0};
        t.e = (V{rnd(), rnd(), rnd()} - V{.5f, .5f, .5f}) * 0.6f;
        t.f = (V{rnd(), rnd(), rnd()} - V{.5f, .5f, .5f}) * 0.6f;
        t.box.add(t.a), t.box.add(t.a + t.e), t.box.add(t.a + t.f);
        t.centre = (t.box.lo + t.box.hi) * 0.5f;
        tris.push_back(t);
    }
    nodes.resize(1);
    build(0, 0, n);
    double light = 0;
    for (int p = 0; p < width * width * rays; p++) {
        V o{0, 0, -3}, d{((float)(p % width) + rnd()) / (float)width - 0.5f,
                         ((float)(p / width % width) + rnd()) / (float)width - 0.5f, 0.9f};
        float weight = 1;
        for (int bounce = 0; bounce < 2; bounce++) {
            float far = 1e30f;
            int hit = trace(o, d, far, false);
            if (hit < 0)
                break;
            V at = o + d * far, normal = cross(tris[hit].e, tris[hit].f);
            normal = normal * (1 / std::sqrt(dot(normal, normal) + 1e-12f));
            V to = V{3, 5, -4} - at;
            float reach = 1;
            if (trace(at, to, reach, true) < 0)
                light += weight * std::fabs(dot(normal, to)) / std::sqrt(dot(to, to));
            d = d - normal * (2 * dot(normal, d));
            o = at;
            weight *= 0.5f;
        }
    }
    std::printf("checksum %.6f %llu %zu\n", light, (unsigned long long)visits, nodes.size());
}
