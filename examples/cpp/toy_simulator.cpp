// The toy simulator of examples/c in C++, with intervals: what each 20,000 retirements cost.
//
//   c++ -std=c++17 -Iinclude examples/cpp/toy_simulator.cpp -Ltarget/release -lperfvec
//       -Wl,-rpath,$PWD/target/release -o toy && ./toy
#include <perfvec.hpp>

#include <cstdio>

namespace {
constexpr std::uint32_t program[] = {
    0x00128293,  // loop: addi t0, t0, 1
    0x00053303,  //       ld   t1, 0(a0)
    0x006383b3,  //       add  t2, t2, t1
    0x00850513,  //       addi a0, a0, 8
    0xfeb298e3,  //       bne  t0, a1, loop
};
constexpr std::uint64_t base = 0x10000, array = 0x800000;
constexpr std::uint64_t trips = 20000;
}  // namespace

int main() try {
    perfvec::Model model;          // the default one
    perfvec::Microarchs cores;     // and its table
    perfvec::Config config;
    config.interval = 20000;
    perfvec::Session session(model, config);

    session.on_interval([&](const perfvec_interval &i) {
        const auto e = cores.estimate(i.vector, i.len, i.retirements, i.measured);
        std::printf("interval %llu: CPI %.3f on %s\n", static_cast<unsigned long long>(i.index),
                    e.at(0).cpi, cores.at(0).name);
    });

    std::uint64_t ids[5], at = 0;
    for (std::uint32_t encoding : program) {
        ids[at] = session.intern(PERFVEC_ISA_RISCV64, base + 4 * at, &encoding, sizeof encoding);
        ++at;
    }
    for (std::uint64_t trip = 0; trip < trips; ++trip)
        for (std::uint64_t i = 0; i < 5; ++i) {
            perfvec_retirement r{};
            r.inst = static_cast<std::uint32_t>(ids[i]);
            r.address = i == 1 ? array + 8 * trip : 0;
            r.next_pc = i == 4 && trip + 1 < trips ? base : base + 4 * i + 4;
            session.retire(r);
        }
    session.finish();

    const auto estimates = session.estimate(cores);
    for (std::size_t k = 0; k < estimates.size(); ++k)
        std::printf("%-24s %12.0f cycles %8.3f CPI\n", cores.at(k).name, estimates[k].cycles,
                    estimates[k].cpi);
    return 0;
} catch (const perfvec::Error &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
