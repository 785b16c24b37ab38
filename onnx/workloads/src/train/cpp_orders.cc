// An order book and its ledger on std::map, unordered_map, deque, priority_queue, list,
// with callbacks in std::function and errors as exceptions. args: seed orders accounts
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

struct Order {
    uint32_t id, account;
    int price, left;
    bool buy;
};
using Level = std::list<std::shared_ptr<Order>>;

class Refused : public std::runtime_error {
  public:
    uint32_t account;
    Refused(uint32_t a, const std::string &why) : std::runtime_error(why), account(a) {}
};

class Ledger {
    std::unordered_map<std::string, long> cash;
    std::map<std::string, std::deque<int>> history;

  public:
    static std::string key(uint32_t a) { return "account-" + std::to_string(a); }
    void charge(uint32_t a, long amount) {
        auto &have = cash.try_emplace(key(a), 50000).first->second;
        if (have + amount < 0)
            throw Refused(a, "account " + std::to_string(a) + " lacks " + std::to_string(-amount));
        have += amount;
        auto &h = history[key(a)];
        h.push_back((int)amount);
        if (h.size() > 20)
            h.pop_front();
    }
    uint64_t digest() const {
        uint64_t s = 0;
        for (auto &[name, h] : history)
            for (int v : h)
                s = s * 31 + (uint64_t)(int64_t)v + name.size();
        for (auto &[name, c] : cash)
            s += (uint64_t)c * std::hash<std::string>{}(name) % 1000003;
        return s;
    }
};

class Book {
    std::map<int, Level, std::greater<>> bids;
    std::map<int, Level> asks;
    std::unordered_map<uint32_t, std::weak_ptr<Order>> open;

    template <class Side> void match(const std::shared_ptr<Order> &o, Side &side) {
        while (o->left && !side.empty()) {
            auto level = side.begin();
            if (o->buy ? level->first > o->price : level->first < o->price)
                break;
            auto &first = level->second.front();
            int n = std::min(o->left, first->left);
            if (n)
                for (auto &f : traded)
                    f(*o, *first, n);
            o->left -= n;
            first->left -= n;
            if (!first->left) {
                open.erase(first->id);
                level->second.pop_front();
            }
            if (level->second.empty())
                side.erase(level);
        }
    }

  public:
    std::vector<std::function<void(const Order &, const Order &, int)>> traded;
    void place(std::shared_ptr<Order> o) {
        if (o->buy)
            match(o, asks);
        else
            match(o, bids);
        if (o->left) {
            open[o->id] = o;
            auto &level = o->buy ? bids[o->price] : asks[o->price];
            level.push_back(std::move(o));
        }
    }
    bool cancel(uint32_t id) {
        auto it = open.find(id);
        if (it == open.end())
            return false;
        if (auto o = it->second.lock())
            o->left = 0;
        open.erase(it);
        return true;
    }
    size_t depth() const { return bids.size() * 1000 + asks.size(); }
};

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    int n = argc > 2 ? std::atoi(argv[2]) : 1000;
    uint32_t accounts = argc > 3 ? (uint32_t)std::atoi(argv[3]) : 50;
    auto rnd = [&s](uint32_t m) {
        s = s * 747796405u + 2891336453u;
        return (s >> 9) % m;
    };
    Ledger ledger;
    Book book;
    long volume = 0, refused = 0, cancelled = 0;
    std::priority_queue<std::pair<int, uint32_t>> largest;
    book.traded.emplace_back([&](const Order &a, const Order &b, int k) {
        ledger.charge(a.account, (a.buy ? -1L : 1L) * k * b.price / 8);
        ledger.charge(b.account, (b.buy ? -1L : 1L) * k * b.price / 8);
    });
    book.traded.emplace_back([&volume](const Order &, const Order &, int k) { volume += k; });
    book.traded.emplace_back([&largest](const Order &a, const Order &, int k) {
        largest.emplace(k, a.id);
        if (largest.size() > 32)
            largest.pop();
    });
    int middle = 1000;
    for (int i = 0; i < n; i++) {
        middle += (int)rnd(5) - 2;
        auto o = std::make_shared<Order>();
        *o = {(uint32_t)i, rnd(accounts), middle + (int)rnd(41) - 20, 1 + (int)rnd(90), rnd(2) == 0};
        try {
            book.place(o);
        } catch (const Refused &r) {
            refused += r.account + std::string(r.what()).size();
        }
        if (i % 3 == 0)
            cancelled += book.cancel(rnd((uint32_t)i + 1));
    }
    uint64_t sum = ledger.digest() + book.depth();
    for (; !largest.empty(); largest.pop())
        sum = sum * 3 + largest.top().second;
    std::printf("checksum %016llx %ld %ld %ld\n", (unsigned long long)sum, volume, refused,
                cancelled);
}
