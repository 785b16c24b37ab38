// Prices what Spike, the RISC-V simulator, ran: reads its commit log, no patch needed.
//
//   c++ -std=c++17 -Iinclude examples/spike/spike_log.cpp -Ltarget/release -lperfvec
//       -Wl,-rpath,$PWD/target/release -o spike_log
//   spike -l --log-commits --log=run.log program && ./spike_log run.log
//   spike_log [--hart N] [--user] [--record OUT.pvt] [LOG]     LOG: standard input unless given
//
// Without -l Spike does not log traps; a branch right before one is then taken for one that went
// to the handler. An ecall is a trap and not a commit, so it is not counted.
#include "../adapter.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace {

struct Options {
    long hart = 0;
    bool user = false;             // measure user mode only; the rest warms the features
    const char *record = nullptr;  // write a trace and price nothing
    const char *log = "-";
};

[[noreturn]] void fail(const std::string &text) { throw std::runtime_error(text); }

// What one line says.
struct Line {
    enum { OTHER, COMMIT, TRAP } kind = OTHER;
    long hart = 0;
    int privilege = 0;
    std::uint64_t pc = 0;  // of a trap: where it came from
    std::uint8_t bytes[8] = {};
    std::size_t len = 0;
    std::uint64_t address = 0;
};

// Reads "0x" and digits; the number of digits, 0 where there is no such thing.
int hexadecimal(const char *&at, std::uint64_t &out) {
    if (std::strncmp(at, "0x", 2) != 0)
        return 0;
    const char *digit = at + 2;
    for (out = 0; std::isxdigit(static_cast<unsigned char>(*digit)) && digit - at < 18; ++digit) {
        const int c = std::tolower(static_cast<unsigned char>(*digit));
        out = out << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    const int digits = static_cast<int>(digit - at) - 2;
    at = digit;
    return digits;
}

// `core   0: 3 0x0000000080000010 (0x00053303) x6  0x... mem 0x0000000080001000`, or one of
// Spike's other lines; a text where a line begins like a commit and is none.
const char *parse(const char *at, Line &line) {
    line = Line();
    if (std::strncmp(at, "core", 4) != 0)
        return nullptr;  // of the program's own output
    char *end = nullptr;
    line.hart = std::strtol(at + 4, &end, 10);
    if (end == at + 4 || std::strncmp(end, ": ", 2) != 0)
        return "\": \" is missing after the number of the core";
    at = end + 2;
    static const char trap[] = "exception ";
    if (std::strncmp(at, trap, sizeof trap - 1) == 0) {
        const char *epc = std::strstr(at, ", epc ");
        if (epc == nullptr || hexadecimal(epc += 6, line.pc) == 0)
            return "a trap has no epc";
        line.kind = Line::TRAP;
        return nullptr;
    }
    if (!std::isdigit(static_cast<unsigned char>(at[0])) || at[1] != ' ')
        return nullptr;  // disassembly, a symbol, a tval
    line.privilege = at[0] - '0';
    at += 2;
    const int width = hexadecimal(at, line.pc);
    if (width != 16)
        return width == 8 ? "a 32-bit hart; perfvec's decoder is for 64-bit ones"
                          : "no address of 16 digits follows the privilege";
    std::uint64_t bits = 0;
    const int digits = std::strncmp(at, " (", 2) == 0 ? hexadecimal(at += 2, bits) : 0;
    if (digits == 0 || digits % 4 != 0 || *at != ')')
        return "no encoding in parentheses follows the address";
    line.len = static_cast<std::size_t>(digits) / 2;
    for (std::size_t i = 0; i < line.len; ++i)
        line.bytes[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    // Of several accesses (an AMO's, a vector instruction's) the first one counts.
    if (const char *mem = std::strstr(at, " mem ")) {
        mem += 5;
        if (hexadecimal(mem, line.address) == 0)
            return "no address follows \"mem\"";
    }
    line.kind = Line::COMMIT;
    return nullptr;
}

// Measuring begins and ends with user mode.
void privilege(perfvec::Session &session, bool inside) {
    inside ? session.region_begin() : session.region_end();
}
void privilege(perfvec::Recorder &, bool) { fail("--user and --record do not go together"); }

// Feeds one hart's commits to a session or recorder.
template <typename Sink>
void feed(Sink &sink, std::FILE *file, const Options &options) {
    static char text[1 << 16];
    const std::string name = std::strcmp(options.log, "-") ? options.log : "standard input";
    std::uint64_t number = 0, commits = 0, others = 0;
    perfvec_retirement held{};  // until the next line tells where control went
    bool holds = false, inside = false;
    const auto release = [&](std::uint64_t next_pc) {
        held.next_pc = next_pc;
        if (holds)
            sink.retire(held);
        holds = false;
    };
    Line line;
    while (std::fgets(text, sizeof text, file) != nullptr) {
        ++number;
        const char *wrong = std::strchr(text, '\n') ? parse(text, line)
                            : std::feof(file)       ? "the log ends within this line"
                                                    : "longer than 65535 bytes";
        if (wrong != nullptr)
            fail(name + ":" + std::to_string(number) + ": " + wrong);
        if (line.kind == Line::OTHER)
            continue;
        if (line.hart != options.hart) {
            others += line.kind == Line::COMMIT;
            continue;
        }
        release(line.pc);
        if (line.kind == Line::TRAP)
            continue;
        if (options.user && inside != (line.privilege == 0))
            privilege(sink, inside = !inside);
        held = {};
        try {
            held.inst = sink.intern(PERFVEC_ISA_RISCV64, line.pc, line.bytes, line.len);
        } catch (const perfvec::Error &e) {
            fail(name + ":" + std::to_string(number) + ": " + e.what());
        }
        held.address = line.address;
        holds = true;
        ++commits;
    }
    if (std::ferror(file))
        fail(name + ": cannot be read");
    release(0);
    if (others > 0)
        std::fprintf(stderr, "%llu commits of other harts left out; see --hart\n",
                     static_cast<unsigned long long>(others));
    if (commits == 0)
        fail(name + ": no commit of hart " + std::to_string(options.hart) +
             "; run spike with -l --log-commits");
}

Options read_options(int argc, char **argv) {
    static const char usage[] = "usage: spike_log [--hart N] [--user] [--record OUT.pvt] [LOG]";
    Options options;
    bool named = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        char *end = nullptr;
        if (word == "--hart" && i + 1 < argc) {
            options.hart = std::strtol(argv[++i], &end, 10);
            if (end == argv[i] || *end != '\0' || options.hart < 0)
                fail("--hart: " + std::string(argv[i]) + " is no number of a hart");
        } else if (word == "--record" && i + 1 < argc)
            options.record = argv[++i];
        else if (word == "--user")
            options.user = true;
        else if (named || (word.size() > 1 && word[0] == '-'))
            fail(usage);
        else {
            options.log = argv[i];
            named = true;
        }
    }
    return options;
}

}  // namespace

int main(int argc, char **argv) try {
    const Options options = read_options(argc, argv);
    std::FILE *file = std::strcmp(options.log, "-") ? std::fopen(options.log, "r") : stdin;
    if (file == nullptr)
        fail(std::string(options.log) + ": " + std::strerror(errno));
    const auto feed_to = [&](auto &sink) { feed(sink, file, options); };
    if (options.record) {
        record(options.record, PERFVEC_ISA_RISCV64, "spike", feed_to);
    } else {
        perfvec::Config config;
        config.start_outside_region = options.user;
        price(config, feed_to);
    }
    if (file != stdin)
        std::fclose(file);
    return 0;
} catch (const std::exception &e) {
    std::fprintf(stderr, "spike_log: %s\n", e.what());
    return 1;
}
