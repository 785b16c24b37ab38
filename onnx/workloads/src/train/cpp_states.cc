// Protocol machines in C++: states as classes, a stream tokeniser, messages as variants, a
// slab allocator with small strings, timers in a wheel, exceptions for broken frames.
// args: seed sessions events
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

struct Hello { std::string name; };
struct Data { std::string key, value; };
struct Ask { std::string key; };
struct Tick { unsigned delay; };
struct Bye {};
using Message = std::variant<Hello, Data, Ask, Tick, Bye>;

template <class T> class Slab {
    std::vector<std::unique_ptr<std::array<std::aligned_storage_t<sizeof(T), alignof(T)>, 32>>> blocks;
    std::vector<T *> free_list;

  public:
    template <class... A> T *make(A &&...a) {
        if (free_list.empty()) {
            blocks.emplace_back(new typename decltype(blocks)::value_type::element_type);
            for (auto &cell : *blocks.back())
                free_list.push_back(reinterpret_cast<T *>(&cell));
        }
        T *p = free_list.back();
        free_list.pop_back();
        return new (p) T(std::forward<A>(a)...);
    }
    void drop(T *p) {
        p->~T();
        free_list.push_back(p);
    }
};

class Wheel {
    std::array<std::list<std::pair<unsigned, std::function<void()>>>, 64> slots;
    unsigned now = 0;

  public:
    void after(unsigned delay, std::function<void()> f) {
        slots[(now + 1 + delay) % 64].emplace_back((delay + 1) / 64, std::move(f));
    }
    void advance() {
        auto due = std::move(slots[++now % 64]);
        slots[now % 64].clear();
        for (auto &[turns, f] : due)
            if (turns)
                slots[now % 64].emplace_back(turns - 1, std::move(f));
            else
                f();
    }
};

static std::optional<Message> parse(std::string_view line) {
    auto word = [&line] {
        auto end = std::min(line.find(' '), line.size());
        auto w = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        return w;
    };
    auto verb = word();
    if (verb == "HELLO")
        return Hello{std::string(word())};
    if (verb == "PUT") {
        auto key = word();
        auto size = (size_t)std::atoi(std::string(word()).c_str());
        if (line.size() != size)
            throw std::length_error("body of " + std::string(key) + " has another length");
        return Data{std::string(key), std::string(line)};
    }
    if (verb == "GET")
        return Ask{std::string(word())};
    if (verb == "WAIT")
        return Tick{(unsigned)std::atoi(std::string(word()).c_str())};
    if (verb == "BYE")
        return Bye{};
    return std::nullopt;
}

struct Session;
struct State {
    virtual ~State() = default;
    virtual const State *on(Session &, const Message &) const = 0;
    virtual uint64_t weight() const = 0;
};
struct Session {
    const State *state;
    std::string name;
    std::unordered_map<std::string, std::string> store;
    uint64_t replies = 0;
    unsigned waiting = 0;
    Wheel *wheel;
    Session(const State *s, Wheel *w) : state(s), wheel(w) {}
};

struct Closed : State {
    const State *on(Session &, const Message &) const override;
    uint64_t weight() const override { return 1; }
};
struct Ready : State {
    const State *on(Session &, const Message &) const override;
    uint64_t weight() const override { return 3; }
};
struct Waiting : State {
    const State *on(Session &, const Message &) const override;
    uint64_t weight() const override { return 7; }
};
static const Closed closed;
static const Ready ready;
static const Waiting waiting;

const State *Closed::on(Session &s, const Message &m) const {
    if (auto h = std::get_if<Hello>(&m)) {
        s.name = h->name;
        s.store.clear();
        return &ready;
    }
    s.replies++;
    return this;
}
const State *Ready::on(Session &s, const Message &m) const {
    return std::visit(
        [&s, this](auto &x) -> const State * {
            using T = std::decay_t<decltype(x)>;
            if constexpr (std::is_same_v<T, Data>) {
                s.store[s.name + "/" + x.key] = x.value;
                if (s.store.size() > 40)
                    s.store.erase(s.store.begin());
            } else if constexpr (std::is_same_v<T, Ask>) {
                auto it = s.store.find(s.name + "/" + x.key);
                if (it != s.store.end())
                    for (char c : it->second)
                        s.replies = s.replies * 31 + (uint8_t)c;
            } else if constexpr (std::is_same_v<T, Tick>) {
                s.waiting++;
                s.wheel->after(x.delay, [&s] {
                    if (--s.waiting == 0 && s.state == &waiting)
                        s.state = &ready;
                });
                return &waiting;
            } else if constexpr (std::is_same_v<T, Bye>) {
                return &closed;
            }
            return this;
        },
        m);
}
const State *Waiting::on(Session &s, const Message &m) const {
    if (std::holds_alternative<Bye>(m))
        throw std::logic_error(s.name + " left while it waited");
    s.replies += m.index();
    return this;
}

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    unsigned sessions = argc > 2 ? (unsigned)std::atoi(argv[2]) : 10;
    int events = argc > 3 ? std::atoi(argv[3]) : 1000;
    auto rnd = [&s](uint32_t k) {
        s = s * 747796405u + 2891336453u;
        return (s >> 10) % k;
    };
    Slab<Session> slab;
    Wheel wheel;
    std::vector<Session *> all(sessions);
    for (auto &p : all)
        p = slab.make(&closed, &wheel);
    uint64_t sum = 0, broken = 0;
    for (int e = 0; e < events; e++) {
        uint32_t who = rnd(sessions), kind = rnd(40);
        std::string line, key = "key" + std::to_string(rnd(60));
        if (kind < 4)
            line = "HELLO peer" + std::to_string(who);
        else if (kind < 18) {
            std::string body(rnd(50), (char)('a' + kind));
            line = "PUT " + key + " " + std::to_string(body.size() + (kind == 17 && rnd(3) == 0)) + " " +
                   body;
        } else if (kind < 34)
            line = "GET " + key;
        else if (kind < 36)
            line = "WAIT " + std::to_string(rnd(100));
        else
            line = kind == 36 ? "BYE" : kind == 37 ? "NOOP" : "GET key1";
        Session *session = all[who];
        try {
            if (auto m = parse(line))
                session->state = session->state->on(*session, *m);
            else
                broken += 3;
        } catch (const std::length_error &x) {
            broken += std::string_view(x.what()).size();
        } catch (const std::logic_error &) {
            broken++;
            if (!session->waiting) {
                slab.drop(session);
                all[who] = slab.make(&closed, &wheel);
            }
        }
        if (e % 4 == 0)
            wheel.advance();
        sum = sum * 3 + all[who]->state->weight() + all[who]->replies;
    }
    std::printf("checksum %016llx %llu\n", (unsigned long long)sum, (unsigned long long)broken);
}
