// Prices ChampSim traces (raw records of 64 bytes, as ChampSim's tracer writes them):
//
//   c++ -std=c++17 -Iinclude examples/champsim/champsim_trace.cpp -Ltarget/release -lperfvec
//       -Wl,-rpath,$PWD/target/release -o champsim_trace
//   xz -dc run.champsimtrace.xz | ./champsim_trace
//   champsim_trace [--record OUT.pvt] [TRACE]        TRACE: standard input unless given
//
// The records say neither the ISA nor what is computed, only registers, addresses and branches:
// every arithmetic instruction is an IntAlu here. Models trained on another ISA still rank cores;
// heed the warning that a program is unlike the training programs, or calibrate.
#include "../adapter.hpp"

#include <cerrno>
#include <cstring>
#include <unordered_map>

namespace {

// ChampSim's input_instr, in the byte order of x86.
struct Record {
    std::uint64_t ip;
    std::uint8_t is_branch, taken;
    std::uint8_t written[2], read[4];  // registers by Pin's numbers, 0 for none
    std::uint64_t stored[2], loaded[4];
};
static_assert(sizeof(Record) == 64, "ChampSim's record");

enum : std::uint8_t { STACK_POINTER = 6, FLAGS = 25, INSTRUCTION_POINTER = 26 };

[[noreturn]] void fail(const std::string &text) { throw std::runtime_error(text); }

bool has(const std::uint8_t *list, std::size_t n, std::uint8_t reg) {
    return std::memchr(list, reg, n) != nullptr;
}

// The kind of control transfer, by the registers, as ChampSim itself tells it.
std::uint32_t control(const Record &r) {
    if (!has(r.written, 2, INSTRUCTION_POINTER))
        return 0;
    const bool sp = has(r.read, 4, STACK_POINTER), ip = has(r.read, 4, INSTRUCTION_POINTER);
    const bool flags = has(r.read, 4, FLAGS);
    bool other = false;
    for (const std::uint8_t reg : r.read)
        other |= reg && reg != STACK_POINTER && reg != FLAGS && reg != INSTRUCTION_POINTER;
    constexpr std::uint32_t UNCOND = PERFVEC_INST_UNCOND_CTRL, DIRECT = PERFVEC_INST_DIRECT_CTRL,
                            INDIRECT = PERFVEC_INST_INDIRECT_CTRL;
    if (sp && has(r.written, 2, STACK_POINTER)) {
        if (!ip)
            return UNCOND | INDIRECT | PERFVEC_INST_RETURN;
        return UNCOND | PERFVEC_INST_CALL | (other ? INDIRECT : DIRECT);
    }
    if (ip && (flags || other))
        return PERFVEC_INST_COND_CTRL | DIRECT;
    return UNCOND | (other ? INDIRECT : DIRECT);
}

template <std::size_t N>
std::uint64_t first(const std::uint64_t (&list)[N]) {
    for (const std::uint64_t address : list)
        if (address)
            return address;
    return 0;
}

perfvec_reg named(std::uint8_t reg) {
    return {static_cast<std::uint8_t>(reg == FLAGS ? PERFVEC_REG_CC : PERFVEC_REG_INT), 0, reg};
}

perfvec_static_inst decode(const Record &r, std::uint8_t size) {
    static const auto op = [](const char *name) {
        return static_cast<std::uint8_t>(perfvec_op_class_from_name(name));
    };
    static const std::uint8_t ALU = op("IntAlu"), READ = op("MemRead"), WRITE = op("MemWrite");
    perfvec_static_inst inst{};
    inst.struct_size = sizeof inst;
    inst.pc = r.ip;
    inst.size = size;
    inst.flags = control(r);
    const bool load = first(r.loaded) != 0, store = first(r.stored) != 0;
    inst.flags |= (load ? PERFVEC_INST_LOAD : 0u) | (store ? PERFVEC_INST_STORE : 0u);
    inst.op_class = load ? READ : store ? WRITE : ALU;
    inst.access_size = load || store ? 8 : 0;  // not in the record
    for (const std::uint8_t reg : r.read)
        if (reg && reg != INSTRUCTION_POINTER)
            inst.src[inst.num_src++] = named(reg);
    for (const std::uint8_t reg : r.written)
        if (reg && reg != INSTRUCTION_POINTER)
            inst.dst[inst.num_dst++] = named(reg);
    return inst;
}

// Feeds every record to a session or recorder.
template <typename Sink>
void feed(Sink &sink, std::FILE *file, const std::string &name) {
    Record r{}, next{};
    std::unordered_map<std::uint64_t, std::uint8_t> sizes;  // one for each address that ran
    std::uint64_t number = 0;
    const auto where = [&] { return name + ": record " + std::to_string(number + 1) + ": "; };
    const auto read = [&](Record &out) {
        const std::size_t got = std::fread(&out, 1, sizeof out, file);
        if (std::ferror(file))
            fail(name + ": " + std::strerror(errno));
        if (number == 0 && got >= 6 &&
            (!std::memcmp(&out, "\xfd" "7zXZ", 6) || !std::memcmp(&out, "\x1f\x8b", 2)))
            fail(name + ": compressed; pipe it through xz -dc or gzip -dc");
        if (got == 0)
            return false;
        if (got != sizeof out)
            fail(where() + "ends after " + std::to_string(got) + " of 64 bytes");
        if (out.ip == 0 || out.is_branch > 1 || out.taken > 1)
            fail(where() + "its address is 0, or byte 8 or 9 is neither 0 nor 1; is this a trace "
                           "of ChampSim's input_instr (not cloudsuite_instr)?");
        ++number;
        return true;
    };
    for (bool more = read(r); more; r = next) {
        more = read(next);
        // The length of an instruction shows where the next one follows it.
        const std::uint64_t step = more ? next.ip - r.ip : 0;
        std::uint8_t &size = sizes.try_emplace(r.ip, std::uint8_t{4}).first->second;
        if (step >= 1 && step <= 15 && !(r.is_branch && r.taken))
            size = static_cast<std::uint8_t>(step);
        const perfvec_static_inst inst = decode(r, size);
        perfvec_retirement retirement{};
        retirement.inst = sink.intern(inst);
        retirement.address = first(r.loaded) ? first(r.loaded) : first(r.stored);
        retirement.next_pc = more ? next.ip : 0;
        if (inst.flags & PERFVEC_INST_COND_CTRL)
            retirement.flags = r.taken ? PERFVEC_TAKEN : PERFVEC_NOT_TAKEN;
        sink.retire(retirement);
    }
    if (number == 0)
        fail(name + ": no records");
}

}  // namespace

int main(int argc, char **argv) try {
    std::string to, from = "-";
    int at = 1;
    if (argc > 2 && !std::strcmp(argv[1], "--record")) {
        to = argv[2];
        at = 3;
    }
    if (argc - at > 1 || (argc > at && argv[at][0] == '-' && argv[at][1]))
        fail("usage: champsim_trace [--record OUT.pvt] [TRACE]");
    if (argc > at)
        from = argv[at];
    std::FILE *file = from == "-" ? stdin : std::fopen(from.c_str(), "rb");
    if (file == nullptr)
        fail(from + ": " + std::strerror(errno));
    const std::string name = file == stdin ? "standard input" : from;
    const auto feed_to = [&](auto &sink) { feed(sink, file, name); };
    if (to.empty())
        price({}, feed_to);
    else
        record(to, PERFVEC_ISA_X86_64, "champsim", feed_to);
    if (file != stdin)
        std::fclose(file);
    return 0;
} catch (const std::exception &e) {
    std::fprintf(stderr, "champsim_trace: %s\n", e.what());
    return 1;
}
