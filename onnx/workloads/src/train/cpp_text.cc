// Streams, string views, regular tokenising, deque, set and heap algorithms.
// args: seed lines
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <numeric>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using Token = std::variant<long, double, std::string>;

static std::vector<Token> tokens(std::string_view line) {
    std::vector<Token> out;
    while (!line.empty()) {
        auto end = std::min(line.find(' '), line.size());
        auto word = line.substr(0, end);
        if (word.find('.') != word.npos)
            out.emplace_back(std::strtod(std::string(word).c_str(), nullptr));
        else if (!word.empty() && word[0] >= '0' && word[0] <= '9')
            out.emplace_back(std::strtol(std::string(word).c_str(), nullptr, 10));
        else
            out.emplace_back(std::string(word));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return out;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    int lines = argc > 2 ? std::atoi(argv[2]) : 200;
    std::ostringstream text;
    for (int i = 0; i < lines; i++) {
        s = s * 1597334677u + 3;
        text << "row" << i % 31 << ' ' << (s >> 20) << ' ' << (s >> 8) % 999 / 8.0 << " end\n";
    }
    std::istringstream in(text.str());
    std::string line;
    std::set<std::string> names;
    std::priority_queue<long> top;
    std::deque<double> window;
    double sum = 0;
    while (std::getline(in, line)) {
        for (auto &t : tokens(line)) {
            if (auto n = std::get_if<long>(&t)) {
                top.push(*n);
                if (top.size() > 50)
                    top.pop();
            } else if (auto d = std::get_if<double>(&t)) {
                window.push_front(*d);
                if (window.size() > 16)
                    window.pop_back();
                sum += std::accumulate(window.begin(), window.end(), 0.0) / window.size();
            } else
                names.insert(std::get<std::string>(t) + std::to_string(names.size() % 11));
        }
    }
    for (; !top.empty(); top.pop())
        sum += top.top() % 13;
    std::printf("checksum %.6f %zu\n", sum, names.size());
}
