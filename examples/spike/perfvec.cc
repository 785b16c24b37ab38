// Spike prices what it runs: an extension library for an unmodified Spike. In its harts, rdcycle
// (and mcycle) reads the cycles that a core would have taken so far; at the end, standard error has
// the totals.
//
//   c++ -std=c++20 -O2 -shared -fPIC -I$SPIKE/include -Iinclude examples/spike/perfvec.cc
//       -Ltarget/release -lperfvec -Wl,-rpath,$PWD/target/release -o libperfvec_spike.so
//   printf '[mine]\nlike = "cortex-a72-like"\n' >core.toml
//   PERFVEC_CORE=core.toml
//       spike --extlib=$PWD/libperfvec_spike.so --isa=rv64gc_zicntr_xperfvec pk ./a.out
//
// All that a hart retires is one stream, the kernel's code too: return early from trace() where
// state->prv is not PRV_U to leave that out. `time` and `instret` stay Spike's.
#include <perfvec.hpp>

#include <riscv/extension.h>
#include <riscv/mmu.h>
#include <riscv/processor.h>

#include <cstdio>
#include <cstdlib>

namespace {

// A list of cores; rdcycle reads the first one's.
struct Core {
    const std::string file = std::getenv("PERFVEC_CORE") ? std::getenv("PERFVEC_CORE") : "cores";
    perfvec::Model model{file};
    perfvec::Microarchs table{file};
};

// Spike tells a tracer of every fetch, with the registers as they are before the instruction.
class Hart : public memtracer_t {
  public:
    Hart(Core &core, processor_t &hart) : core(core), hart(hart), state(*hart.get_state()) {
        hart.get_mmu()->register_memtracer(this);
    }
    ~Hart() override {
        session.finish();
        const auto all = session.estimate(core.table, 0);
        std::fprintf(stderr, "hart %u: %llu instructions, %.0f cycles on %s, CPI %.3f\n", id,
                     static_cast<unsigned long long>(session.counts().retired), all.cycles,
                     core.table.at(0).name, all.cpi);
    }
    bool interested_in_range(uint64_t, uint64_t, access_type type) override { return type == FETCH; }
    void clean_invalidate(uint64_t, size_t, bool, bool) override {}
    void trace(uint64_t, size_t, access_type) override {
        // What was fetched before has retired unless it faulted, or is fetched again to be run alone.
        if (waits && !state.serialized && !faulted(state.mtvec, state.mepc, state.mcause) &&
            !faulted(state.stvec, state.sepc, state.scause)) {
            last.next_pc = state.pc;
            session.retire(last);
        }
        waits = false;
        pc = state.pc;
        uint32_t code = hart.get_mmu()->load<uint16_t>(pc);
        const size_t size = (code & 3) == 3 ? 4 : 2;
        if (size == 4)
            code |= static_cast<uint32_t>(hart.get_mmu()->load<uint16_t>(pc + 2)) << 16;
        const auto inst = perfvec::decode(PERFVEC_ISA_RISCV64, pc, &code, size);
        last = {session.intern(PERFVEC_ISA_RISCV64, pc, &code, size), 0, 0, 0};
        if (inst.has_base)
            last.address = state.XPR[inst.base.index] + inst.offset;
        waits = true;
    }
    // Of all that retired before the instruction that asks.
    reg_t cycles() {
        session.sync();
        return static_cast<reg_t>(session.estimate(core.table, 0).cycles);
    }

  private:
    bool faulted(const csr_t_p &vector, const csr_t_p &epc, const csr_t_p &cause) const {
        const reg_t why = cause->read(); // 8 to 11 are environment calls, which retire
        return state.pc == (vector->read() & ~reg_t{3}) && epc->read() == pc && why < 32 &&
               !(why >= 8 && why <= 11);
    }

    Core &core;
    processor_t &hart;
    state_t &state;
    const unsigned id = hart.get_id();
    perfvec::Session session{core.model};
    perfvec_retirement last = {};
    reg_t pc = 0;
    bool waits = false;
};

class Cycles : public csr_t {
  public:
    Cycles(processor_t *hart, Hart &of) : csr_t(hart, CSR_MCYCLE), of(of) {}
    reg_t read() const noexcept override { return of.cycles(); }

  protected:
    bool unlogged_write(reg_t) noexcept override { return false; }

  private:
    Hart &of;
};

class Extension : public extension_t {
  public:
    std::vector<insn_desc_t> get_instructions(const processor_t &) override { return {}; }
    std::vector<disasm_insn_t *> get_disasms(const processor_t *) override { return {}; }
    const char *name() const override { return "perfvec"; }
    void reset(processor_t &hart) override {
        static Core core;
        static std::vector<std::unique_ptr<Hart>> harts; // until Spike exits
        harts.push_back(std::make_unique<Hart>(core, hart));
        const auto cycles = std::make_shared<Cycles>(&hart, *harts.back());
        auto &csrs = hart.get_state()->csrmap;
        csrs[CSR_MCYCLE] = cycles;
        csrs[CSR_CYCLE] = std::make_shared<counter_proxy_csr_t>(&hart, CSR_CYCLE, cycles);
    }
};

} // namespace

REGISTER_EXTENSION(perfvec, [] { return new Extension; })
