// Virtual calls over a mixed collection, std::map, unordered_map and strings.
// args: seed objects rounds
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual void grow(double k) = 0;
    virtual const char *name() const = 0;
};
struct Square : Shape {
    double w;
    explicit Square(double x) : w(x) {}
    double area() const override { return w * w; }
    void grow(double k) override { w += k; }
    const char *name() const override { return "square"; }
};
struct Disc : Shape {
    double r;
    explicit Disc(double x) : r(x) {}
    double area() const override { return 3.14159 * r * r; }
    void grow(double k) override { r *= 1 + k / 100; }
    const char *name() const override { return "disc"; }
};
struct Group : Shape {
    std::vector<std::unique_ptr<Shape>> parts;
    double area() const override {
        double s = 0;
        for (auto &p : parts)
            s += p->area();
        return s;
    }
    void grow(double k) override {
        for (auto &p : parts)
            p->grow(k / parts.size());
    }
    const char *name() const override { return "group"; }
};

static unsigned seed;
static unsigned draw(unsigned n) {
    seed = seed * 3039177861u + 1;
    return (seed >> 11) % n;
}

static std::unique_ptr<Shape> make(int depth) {
    switch (draw(depth ? 3 : 2)) {
    case 0: return std::make_unique<Square>(1 + draw(9));
    case 1: return std::make_unique<Disc>(1 + draw(5));
    default: {
        auto g = std::make_unique<Group>();
        for (unsigned n = 1 + draw(4); n--;)
            g->parts.push_back(make(depth - 1));
        return g;
    }
    }
}

int main(int argc, char **argv) {
    seed = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    int n = argc > 2 ? std::atoi(argv[2]) : 200, rounds = argc > 3 ? std::atoi(argv[3]) : 5;
    std::vector<std::unique_ptr<Shape>> all;
    for (int i = 0; i < n; i++)
        all.push_back(make(3));
    std::map<std::string, double> by_name;
    std::unordered_map<long, std::vector<int>> by_size;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < n; i++) {
            Shape &s = *all[i];
            s.grow(draw(3));
            by_name[std::string(s.name()) + "-" + std::to_string(i % 40)] += s.area();
            by_size[long(s.area()) / 8].push_back(i);
        }
        std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a->area() < b->area(); });
        if (r % 2)
            all[draw(n)] = make(2);
    }
    double sum = 0;
    std::string text;
    for (auto &[k, v] : by_name)
        if (text += k.substr(0, 3), v > 10)
            sum += v;
    for (auto &[k, v] : by_size)
        sum += double(k % 7) * v.size();
    std::printf("checksum %.6e %zu\n", sum, text.size());
}
