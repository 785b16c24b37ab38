// Expression templates on vectors, small fixed matrices, rationals and dual numbers, and a
// rope of strings: header-only C++ as it is written. args: seed length rounds
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

template <class E> struct Expr {
    double at(size_t i) const { return static_cast<const E &>(*this).at(i); }
    size_t size() const { return static_cast<const E &>(*this).size(); }
};
template <class A, class B, class Op> struct Zip : Expr<Zip<A, B, Op>> {
    const A &a;
    const B &b;
    Zip(const A &x, const B &y) : a(x), b(y) {}
    double at(size_t i) const { return Op::of(a.at(i), b.at(i)); }
    size_t size() const { return a.size(); }
};
struct Plus { static double of(double x, double y) { return x + y; } };
struct Times { static double of(double x, double y) { return x * y; } };
struct Clamp { static double of(double x, double y) { return x > y ? y : x < -y ? -y : x; } };
struct Vec : Expr<Vec> {
    std::vector<double> v;
    explicit Vec(size_t n, double x = 0) : v(n, x) {}
    double at(size_t i) const { return v[i]; }
    size_t size() const { return v.size(); }
    template <class E> Vec &operator=(const Expr<E> &e) {
        for (size_t i = 0; i < v.size(); i++)
            v[i] = e.at(i);
        return *this;
    }
};
template <class A, class B> auto operator+(const Expr<A> &a, const Expr<B> &b) {
    return Zip<A, B, Plus>(static_cast<const A &>(a), static_cast<const B &>(b));
}
template <class A, class B> auto operator*(const Expr<A> &a, const Expr<B> &b) {
    return Zip<A, B, Times>(static_cast<const A &>(a), static_cast<const B &>(b));
}
template <class A, class B> auto clamp(const Expr<A> &a, const Expr<B> &b) {
    return Zip<A, B, Clamp>(static_cast<const A &>(a), static_cast<const B &>(b));
}

template <class T, int N> struct Matrix {
    std::array<T, N * N> m{};
    friend Matrix operator*(const Matrix &a, const Matrix &b) {
        Matrix c;
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c.m[i * N + j] = c.m[i * N + j] + a.m[i * N + k] * b.m[k * N + j];
        return c;
    }
};
template <class T, int N> Matrix<T, N> power(Matrix<T, N> b, unsigned e) {
    Matrix<T, N> r;
    for (int i = 0; i < N; i++)
        r.m[i * N + i] = T(1);
    for (; e; e >>= 1, b = b * b)
        if (e & 1)
            r = r * b;
    return r;
}

struct Ratio {
    int64_t p, q;
    Ratio(int64_t a = 0, int64_t b = 1) : p(a), q(b) {
        int64_t g = std::gcd(p, q);
        if (g > 1)
            p /= g, q /= g;
        if (std::abs(p) > 40000 || q > 40000) // keep it small: round to a near fraction
            p = p * 120 / q, q = 120, p %= 7919;
    }
    friend Ratio operator+(Ratio a, Ratio b) { return {a.p * b.q + b.p * a.q, a.q * b.q}; }
    friend Ratio operator*(Ratio a, Ratio b) { return {a.p * b.p, a.q * b.q}; }
};

struct Dual {
    double x, d;
    Dual(double v = 0, double e = 0) : x(v), d(e) {}
    friend Dual operator+(Dual a, Dual b) { return {a.x + b.x, a.d + b.d}; }
    friend Dual operator*(Dual a, Dual b) { return {a.x * b.x, a.x * b.d + a.d * b.x}; }
    friend Dual operator/(Dual a, Dual b) {
        return {a.x / b.x, (a.d * b.x - a.x * b.d) / (b.x * b.x)};
    }
};
template <class F> double newton(F f, double x) {
    for (int i = 0; i < 12; i++) {
        Dual y = f(Dual(x, 1));
        if (std::fabs(y.x) < 1e-12 || y.d == 0)
            break;
        x -= y.x / y.d;
    }
    return x;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    size_t n = argc > 2 ? std::strtoul(argv[2], nullptr, 0) : 100;
    int rounds = argc > 3 ? std::atoi(argv[3]) : 2;
    Vec a(n, 0.5), b(n, 1.25), c(n), bound(n, 3);
    double sum = 0;
    std::string rope;
    for (int r = 0; r < rounds; r++) {
        s = s * 1664525u + 1013904223u;
        a.v[s % n] = (s >> 20) / 512.0;
        c = clamp(a * b + c, bound);
        b = clamp(b + a * c * a, bound);
        a = c + b * bound;
        Matrix<double, 4> m;
        Matrix<Ratio, 3> q;
        for (int i = 0; i < 16; i++)
            m.m[i] = ((s >> i) & 15) / 40.0;
        for (int i = 0; i < 9; i++)
            q.m[i] = Ratio((s >> i) & 31, 1 + ((s >> (i + 5)) & 7));
        m = power(m, 5 + r % 9);
        q = power(q, 3 + r % 4);
        sum += m.m[5] / (1 + std::fabs(m.m[6])) + (double)q.m[4].p / (double)q.m[4].q;
        double k = (s >> 16) / 4096.0 + 1;
        for (int i = 0; i < 6; i++)
            sum += newton([&](Dual x) { return x * x * x + x * Dual(i) + Dual(-k); }, k) +
                   newton([&](Dual x) { return x + Dual(k) / (x * x + Dual(1)); }, -k);
        rope.insert(rope.size() / 2, std::to_string(sum));
        if (rope.size() > 400)
            rope = rope.substr(150) + rope.substr(0, 40);
        if (auto found = rope.find(std::to_string(r % 100)); found != rope.npos)
            sum += (double)found;
        sum += c.v[n / 2] + b.v[s % n];
    }
    std::printf("checksum %.9e %zu\n", sum, rope.size());
}
