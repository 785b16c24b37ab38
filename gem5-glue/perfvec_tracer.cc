#include "perfvec_tracer.hh"

#include <perfvec.h>

#include "base/debug.hh"
#include "base/loader/object_file.hh"
#include "base/logging.hh"
#include "cpu/base.hh"
#include "cpu/thread_context.hh"
#include "sim/core.hh"
#include "sim/cur_tick.hh"
#include "sim/sim_exit.hh"
#include "sim/system.hh"
#include "sim/workload.hh"

namespace gem5
{

/** The record of one instruction in flight; dump() says that it committed. */
class PerfVec::Retire : public trace::InstRecord
{
  public:
    Retire(PerfVec &tracer, Tick when, ThreadContext *tc, const StaticInstPtr &inst,
           const PCStateBase &pc, const StaticInstPtr &macro)
        : InstRecord(when, tc, inst, pc, macro), tracer(tracer)
    {}

    void
    dump() override
    {
        tracer.commit(thread, *staticInst, pc->instAddr(), mem_valid, addr, faulting);
    }

  private:
    PerfVec &tracer;
};

PerfVec::PerfVec(const Params &p) : InstTracer(p), recording(p)
{
    fatal_if(perfvec_abi_version() != PERFVEC_ABI_VERSION,
             "%s: this gem5 was built for ABI version %d of libperfvec, but the library found "
             "is perfvec %s with ABI version %d: rebuild gem5 against it, or point "
             "LD_LIBRARY_PATH at the right one\n", name(), PERFVEC_ABI_VERSION,
             perfvec_version(), perfvec_abi_version());
    registerExitCallback([this] { finish(); });
}

void
PerfVec::startup()
{
    InstTracer::startup();
#if !TRACING_ON
    fatal("%s: this gem5 was built without tracing (gem5.fast), so CPUs report nothing to "
          "their tracers: use gem5.opt\n", name());
#endif
    // A system call is a fault to RISC-V CPUs, and they report those only with this flag, which
    // prints nothing by itself.
    debug::changeFlag("ExecFaulting", true);
}

trace::InstRecord *
PerfVec::getInstRecord(Tick when, ThreadContext *tc, const StaticInstPtr inst,
                       const PCStateBase &pc, const StaticInstPtr macro)
{
    if (finished)
        return nullptr;
    return new Retire(*this, when, tc, inst, pc, macro);
}

void
PerfVec::attach(ThreadContext *tc)
{
    fatal_if(contextId >= 0 && tc->contextId() != contextId,
             "%s: harts %d and %d report to one PerfVec: give each CPU a tracer of its own\n",
             name(), contextId, tc->contextId());
    const bool first = contextId < 0;
    contextId = tc->contextId();
    cpu = tc->getCpuPtr();
    clockPeriod = cpu->clockPeriod();
    if (!first)
        return;
    const auto arch = tc->getSystemPtr()->workload->getArch();
    fatal_if(arch != loader::Riscv64, "%s: PerfVec does not know instructions of %s\n", name(),
             loader::archToString(arch));
    isa = PERFVEC_ISA_RISCV64;
    recording.open(isa, clockPeriod);
}

std::uint32_t
PerfVec::intern(StaticInst &inst, Addr pc)
{
    std::uint8_t bytes[16] = {};
    inst.asBytes(bytes, sizeof(bytes));
    const std::size_t size = (bytes[0] & 3) == 3 ? 4 : 2;
    std::uint64_t key = bytes[0] | bytes[1] << 8;
    if (size == 4)
        key |= std::uint64_t(bytes[2]) << 16 | std::uint64_t(bytes[3]) << 24;
    return ids.get(pc, key, [&] { return recording.intern(isa, pc, bytes, size); });
}

void
PerfVec::commit(ThreadContext *tc, StaticInst &inst, Addr pc, bool memory, Addr address,
                bool faulting)
{
    // The one fault that is a retirement is the system call; the others are attempts.
    if (finished || (faulting && !inst.isSyscall()))
        return;
    if (tc->getCpuPtr() != cpu)
        attach(tc);
    perfvec_glue::Record record;
    record.pc = pc;
    record.address = memory ? address : 0;
    record.tick = curTick();
    record.memory = memory;
    record.control = inst.isControl();
    record.microOp = inst.isMicroop();
    record.lastMicroOp = inst.isLastMicroop();
    if (recording.writesTrace() && (!record.microOp || record.lastMicroOp))
        record.id = intern(inst, pc);
    folder.push(record, [this](const perfvec_glue::Record &retired) { emit(retired); });
}

void
PerfVec::emit(const perfvec_glue::Record &retired)
{
    const std::uint64_t cycles = (retired.tick - lastTick) / clockPeriod;
    lastTick = retired.tick;
    if (recording.active())
        recording.add(retired, count, cycles);
    ++count;
    const auto &marks = params().exit_at;
    if (nextMark < marks.size() && count >= std::uint64_t(marks[nextMark])) {
        ++nextMark;
        exitSimLoop("perfvec mark");
    }
}

void
PerfVec::finish()
{
    if (finished)
        return;
    folder.flush([this](const perfvec_glue::Record &retired) { emit(retired); });
    finished = true;
    recording.finish(cpu ? cpu->name() : "");
    fatal_if(count == 0 && recording.active(),
             "%s: no instruction retired: set it as the tracer of the CPU that runs, and share "
             "it with those that take over (switch_cpu.tracer = cpu.tracer)\n", name());
}

} // namespace gem5
