// A Pratt parser makes syntax trees of generated programs; virtual visitors fold, print,
// count and evaluate them. args: seed statements rounds
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

struct Number;
struct Name;
struct Binary;
struct Call;
struct Choice;

struct Visitor {
    virtual ~Visitor() = default;
    virtual void visit(const Number &) = 0;
    virtual void visit(const Name &) = 0;
    virtual void visit(const Binary &) = 0;
    virtual void visit(const Call &) = 0;
    virtual void visit(const Choice &) = 0;
};
struct Node {
    virtual ~Node() = default;
    virtual void accept(Visitor &v) const = 0;
};
using Tree = std::unique_ptr<Node>;
template <class T> struct Accepting : Node {
    void accept(Visitor &v) const override { v.visit(static_cast<const T &>(*this)); }
};
struct Number : Accepting<Number> {
    double value;
    explicit Number(double v) : value(v) {}
};
struct Name : Accepting<Name> {
    std::string text;
    explicit Name(std::string t) : text(std::move(t)) {}
};
struct Binary : Accepting<Binary> {
    char op;
    Tree a, b;
    Binary(char o, Tree x, Tree y) : op(o), a(std::move(x)), b(std::move(y)) {}
};
struct Call : Accepting<Call> {
    std::string callee;
    std::vector<Tree> args;
};
struct Choice : Accepting<Choice> {
    Tree test, yes, no;
};

class Parser {
    const std::string &text;
    size_t at = 0;
    char peek() const { return at < text.size() ? text[at] : '\0'; }
    void expect(char c) {
        if (peek() != c)
            throw std::runtime_error("expected " + std::string(1, c));
        at++;
    }
    static int power(char c) {
        switch (c) {
        case '?': return 1;
        case '<': case '=': return 2;
        case '+': case '-': return 3;
        case '*': case '/': case '%': return 4;
        default: return 0;
        }
    }
    Tree primary() {
        char c = peek();
        if (c == '(') {
            at++;
            Tree t = expression(1);
            expect(')');
            return t;
        }
        if (c >= '0' && c <= '9') {
            double v = 0;
            for (; peek() >= '0' && peek() <= '9'; at++)
                v = v * 10 + (peek() - '0');
            return std::make_unique<Number>(v);
        }
        std::string name;
        for (; peek() >= 'a' && peek() <= 'z'; at++)
            name += peek();
        if (name.empty())
            throw std::runtime_error("unexpected token");
        if (peek() != '(')
            return std::make_unique<Name>(std::move(name));
        auto call = std::make_unique<Call>();
        call->callee = std::move(name);
        do {
            at++;
            call->args.push_back(expression(1));
        } while (peek() == ',');
        expect(')');
        return call;
    }

  public:
    explicit Parser(const std::string &t) : text(t) {}
    Tree expression(int least) {
        Tree left = primary();
        for (int p; (p = power(peek())) >= least && p;) {
            char op = text[at++];
            if (op == '?') {
                auto c = std::make_unique<Choice>();
                c->test = std::move(left);
                c->yes = expression(1);
                expect(':');
                c->no = expression(1);
                left = std::move(c);
            } else
                left = std::make_unique<Binary>(op, std::move(left), expression(p + 1));
        }
        return left;
    }
};

struct Evaluator : Visitor {
    std::unordered_map<std::string, double> &names;
    double result = 0;
    explicit Evaluator(std::unordered_map<std::string, double> &n) : names(n) {}
    double of(const Tree &t) {
        t->accept(*this);
        return result;
    }
    void visit(const Number &n) override { result = n.value; }
    void visit(const Name &n) override {
        auto found = names.find(n.text);
        if (found == names.end())
            throw std::out_of_range(n.text);
        result = found->second;
    }
    void visit(const Binary &b) override {
        double x = of(b.a), y = of(b.b);
        switch (b.op) {
        case '+': result = x + y; break;
        case '-': result = x - y; break;
        case '*': result = x * y > 1e9 ? 1e9 : x * y; break;
        case '/': if (y == 0) throw std::domain_error("division"); result = x / y; break;
        case '%': result = (long)x % ((long)y % 97 ? (long)y % 97 : 1); break;
        case '<': result = x < y; break;
        default: result = x == y;
        }
    }
    void visit(const Call &c) override {
        double best = of(c.args[0]);
        for (size_t i = 1; i < c.args.size(); i++) {
            double v = of(c.args[i]);
            best = (c.callee[0] == 'm') == (v < best) ? v : best;
        }
        result = best;
    }
    void visit(const Choice &c) override { of(of(c.test) != 0 ? c.yes : c.no); }
};

struct Printer : Visitor {
    std::string out;
    std::map<std::string, int> seen;
    int depth = 0, deepest = 0;
    void go(const Tree &t) {
        deepest = std::max(deepest, ++depth);
        t->accept(*this);
        depth--;
    }
    void visit(const Number &n) override { out += std::to_string((long)n.value); }
    void visit(const Name &n) override { seen[n.text]++, out += n.text; }
    void visit(const Binary &b) override { out += '(', go(b.a), out += b.op, go(b.b), out += ')'; }
    void visit(const Call &c) override {
        seen[c.callee]++;
        out += c.callee;
        for (auto &a : c.args)
            out += &a == &c.args[0] ? '(' : ',', go(a);
        out += ')';
    }
    void visit(const Choice &c) override {
        out += '(', go(c.test), out += '?', go(c.yes), out += ':', go(c.no), out += ')';
    }
};

static uint32_t seed;
static uint32_t rnd(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 10) % n;
}

static void write(std::string &o, int depth) {
    uint32_t k = depth ? rnd(10) : rnd(4);
    if (k < 2) {
        o += std::to_string(rnd(500));
    } else if (k < 4) {
        o += std::string(1, (char)('a' + rnd(9))) + (rnd(40) ? "x" : "y");
    } else if (k < 8) {
        write(o, depth - 1), o += "+-*/%<="[rnd(7)], write(o, depth - 1);
    } else if (k == 8) {
        o += rnd(2) ? "min(" : "top(", write(o, depth - 1), o += ',', write(o, depth - 1), o += ')';
    } else {
        o += '(', write(o, depth - 1), o += '?', write(o, depth - 1), o += ':';
        write(o, depth - 1), o += ')';
    }
}

int main(int argc, char **argv) {
    seed = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    int statements = argc > 2 ? std::atoi(argv[2]) : 20, rounds = argc > 3 ? std::atoi(argv[3]) : 2;
    std::unordered_map<std::string, double> names;
    for (char c = 'a'; c < 'j'; c++)
        names[std::string(1, c) + "x"] = c % 5;
    std::vector<Tree> program;
    uint64_t sum = 0;
    int failed = 0;
    for (int i = 0; i < statements; i++) {
        std::string text;
        write(text, 7);
        program.push_back(Parser(text).expression(1));
        Printer printer;
        printer.go(program.back());
        Tree again = Parser(printer.out).expression(1);
        Printer second;
        second.go(again);
        sum = sum * 5 + second.out.size() + (second.out == printer.out) + (size_t)second.deepest;
    }
    for (int r = 0; r < rounds; r++)
        for (auto &t : program) {
            Evaluator e(names);
            try {
                names[std::string(1, (char)('a' + sum % 9)) + "x"] = (double)((long)e.of(t) % 1000);
                sum = sum * 3 + (uint64_t)(int64_t)(e.result * 16);
            } catch (const std::domain_error &) {
                failed++;
            } catch (const std::exception &problem) {
                failed += 2;
                sum += (uint8_t)problem.what()[0];
            }
        }
    std::printf("checksum %016llx %d\n", (unsigned long long)sum, failed);
}
