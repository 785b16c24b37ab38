// Templates, virtual calls, exceptions, strings and containers; libstdc++ comes with them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};
struct Square final : Shape {
    double side;
    explicit Square(double s) : side(s) {}
    double area() const override { return side * side; }
};
struct Disc final : Shape {
    float radius;
    explicit Disc(float r) : radius(r) {}
    double area() const override
    {
        if (radius < 0) throw std::invalid_argument("negative radius");
        return 3.14159265358979 * radius * radius;
    }
};

int main(int argc, char **argv)
{
    std::vector<std::unique_ptr<Shape>> shapes;
    std::map<std::string, std::vector<uint16_t>> words;
    for (int i = 0; i < argc * 10; i++) {
        if (i % 3) shapes.push_back(std::make_unique<Square>(i));
        else shapes.push_back(std::make_unique<Disc>(float(i - 3)));
        words[std::to_string(i * 77) + argv[0]].push_back(uint16_t(i));
    }
    double sum = 0;
    for (auto &shape : shapes) {
        try {
            sum += shape->area();
        } catch (const std::invalid_argument &error) {
            std::puts(error.what());
        }
    }
    std::sort(shapes.begin(), shapes.end(), [](auto &a, auto &b) { return a.get() < b.get(); });
    for (auto &[word, list] : words) sum += double(word.size() ^ list.size());
    return std::printf("%f\n", sum) < 0;
}
