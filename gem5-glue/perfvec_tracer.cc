#include "perfvec_tracer.hh"

#include <algorithm>

#include "arch/generic/pcstate.hh"
#include "base/debug.hh"
#include "base/loader/object_file.hh"
#include "base/logging.hh"
#include "cpu/base.hh"
#include "cpu/simple/base.hh"
#include "cpu/thread_context.hh"
#include "enums/OpClass.hh"
#include "perfvec_decode.hh"
#include "perfvec_estimate.hh"
#include "perfvec_recording.hh"
#include "sim/core.hh"
#include "sim/cur_tick.hh"
#include "sim/sim_exit.hh"
#include "sim/system.hh"
#include "sim/workload.hh"

namespace gem5
{

namespace
{

/** gem5's pseudo-instructions on RISC-V: opcode, and the functions that mark work items. */
constexpr std::uint32_t M5_OPCODE = 0x7b, M5_WORK_BEGIN = 0x5a, M5_WORK_END = 0x5b;

/** The encoding of a RISC-V instruction; its low bits say how long it is. */
std::uint32_t
encodingOf(StaticInst &inst)
{
    std::uint8_t bytes[16] = {};
    inst.asBytes(bytes, sizeof(bytes));
    std::uint32_t bits = bytes[0] | bytes[1] << 8;
    if ((bits & 3) == 3)
        bits |= std::uint32_t(bytes[2]) << 16 | std::uint32_t(bytes[3]) << 24;
    return bits;
}

/**
 * Whether an instruction that committed once does so whenever a CPU executes it, and its record
 * would say nothing of interest: integer arithmetic and jumps, which have neither data accesses
 * nor registers that may be switched off. (Encodings that are not valid never commit; gem5's
 * pseudo-instructions, which may mark a region, are non-speculative.)
 */
bool
isSimple(const StaticInst &inst)
{
    const OpClass op = inst.opClass();
    return (op == IntAluOp || op == IntMultOp || op == IntDivOp) && !inst.isMicroop()
        && !inst.isMemRef() && !inst.isNonSpeculative() && !inst.isSerializing()
        && !inst.isSquashAfter() && !inst.isReadBarrier() && !inst.isWriteBarrier()
        && !inst.isSyscall();
}

std::uint32_t
libraryIsa(loader::Arch arch)
{
    switch (arch) {
      case loader::Riscv64:
        return PERFVEC_ISA_RISCV64;
      case loader::Arm64:
        return PERFVEC_ISA_AARCH64;
      case loader::X86_64:
        return PERFVEC_ISA_X86_64;
      default:
        fatal("perfvec: ISA %s is not supported: use RISC-V, Arm (64 bit) or x86-64\n",
              loader::archToString(arch));
    }
}

} // anonymous namespace

/** The record of one instruction in flight; dump() says that it committed. */
class PerfVec::Retire : public trace::InstRecord
{
  public:
    Retire(PerfVec &tracer, Tick when, ThreadContext *tc, const StaticInstPtr &inst,
           const PCStateBase &pc, const StaticInstPtr &macro)
        : InstRecord(when, tc, inst, pc, macro), tracer(tracer)
    {}

    void dump() override { tracer.commit(*this); }

    ThreadContext *context() const { return thread; }
    StaticInst &inst() const { return *staticInst; }
    const StaticInstPtr &whole() const { return macroStaticInst ? macroStaticInst : staticInst; }
    const StaticInst *macro() const { return macroStaticInst.get(); }
    Addr address() const { return pc->instAddr(); }

    /** Bytes to the next instruction in memory. StaticInst::size() may be fatal, so not that. */
    std::size_t
    bytes() const
    {
        const auto *next = dynamic_cast<const GenericISA::PCStateWithNext *>(pc.get());
        const Addr size = next ? next->npc() - pc->instAddr() : 0;
        return size >= 1 && size <= 15 ? size : 4;
    }

  private:
    PerfVec &tracer;
};

PerfVec::PerfVec(const Params &p)
    : InstTracer(p), decode(std::make_unique<perfvec_glue::Decoded>()),
      recording(std::make_unique<PerfVecRecording>(p)), workItems(p.work_items)
{
    fatal_if(perfvec_abi_version() != PERFVEC_ABI_VERSION,
             "%s: this gem5 was built for ABI version %d of libperfvec, but the library found "
             "is perfvec %s with ABI version %d: rebuild gem5 against it, or point "
             "LD_LIBRARY_PATH at the right one\n", name(), PERFVEC_ABI_VERSION,
             perfvec_version(), perfvec_abi_version());
    if (p.estimate)
        estimating = std::make_unique<PerfVecEstimate>(this, p);
    const bool needless = !p.estimate && (!p.calibrate.empty() || !p.intervals.empty());
    fatal_if(needless, "%s: calibrate and intervals need estimate=True\n", name());
    const bool sorted = std::is_sorted(p.exit_at.begin(), p.exit_at.end());
    fatal_if(!sorted, "%s: exit_at is not in ascending order: sort it\n", name());
    planExit();
    registerExitCallback([this] { finish(); });
}

PerfVec::~PerfVec() = default;

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
    if (inOrder && tc == context) {
        // No record saves gem5 the making, filling and deleting of one.
        const auto *const known
            = ids.glance(pc.instAddr(), reinterpret_cast<std::uintptr_t>(inst.get()));
        if (known && known->simple) {
            retireSimple(*known, pc.instAddr());
            return nullptr;
        }
    }
    return new Retire(*this, when, tc, inst, pc, macro);
}

void
PerfVec::retireSimple(const perfvec_glue::Known &known, Addr pc)
{
    perfvec_glue::Record record;
    record.pc = pc;
    record.tick = curTick();
    record.id = known.id;
    record.control = known.control;
    folder.push(record, [this](const perfvec_glue::Record &retired) { emit(retired); });
}

void
PerfVec::attach(ThreadContext *tc)
{
    fatal_if(contextId >= 0 && tc->contextId() != contextId,
             "%s: harts %d and %d report to one PerfVec: give each CPU a tracer of its own\n",
             name(), contextId, tc->contextId());
    contextId = tc->contextId();
    context = tc;
    cpu = tc->getCpuPtr();
    clockPeriod = cpu->clockPeriod();
    timed = tc->getSystemPtr()->isTimingMode();
    if (isa == 0)
        open(tc);
    // These CPUs ask for a record when they execute an instruction, which is when it retires.
    inOrder = isa == PERFVEC_ISA_RISCV64 && dynamic_cast<BaseSimpleCPU *>(cpu);
}

void
PerfVec::open(ThreadContext *tc)
{
    isa = libraryIsa(tc->getSystemPtr()->workload->getArch());
    if (isa == PERFVEC_ISA_X86_64 && !folder.hasPending())
        folder = perfvec_glue::Folder(true);
    recording->open(isa, clockPeriod);
    if (estimating)
        estimating->open(isa);
}

template <class... What>
std::uint32_t
PerfVec::intern(const What &...what)
{
    std::uint32_t id = 0;
    if (estimating)
        id = estimating->intern(what...);
    if (recording->writesTrace()) {
        const std::uint32_t recorded = recording->intern(what...);
        // Both count from 0 in the order of interning, and intern the same.
        panic_if(estimating && recorded != id,
                 "%s: one instruction is number %d to the session and %d to the trace\n", name(),
                 id, recorded);
        id = recorded;
    }
    return id;
}

perfvec_glue::Known
PerfVec::internEncoding(const Retire &record, Addr pc)
{
    // By address of gem5's static instruction, so that its encoding is needed only once: gem5
    // has one per encoding, and `pinned` keeps an address from standing for another one later.
    StaticInst &inst = record.inst();
    return ids.get(pc, reinterpret_cast<std::uintptr_t>(&inst), [&] {
        pinned.push_back(&inst);
        const std::uint32_t bits = encodingOf(inst);
        const std::uint8_t bytes[4] = {std::uint8_t(bits), std::uint8_t(bits >> 8),
                                       std::uint8_t(bits >> 16), std::uint8_t(bits >> 24)};
        const std::size_t size = (bits & 3) == 3 ? 4 : 2;
        const auto id = intern(isa, pc, static_cast<const void *>(bytes), size);
        return perfvec_glue::Known{id, inst.isControl(), isSimple(inst)};
    });
}

std::uint32_t
PerfVec::internDecoded(const Retire &record, Addr pc)
{
    const StaticInst &inst = record.inst();
    const bool micro = inst.isMicroop();
    const auto key = reinterpret_cast<std::uintptr_t>(record.whole().get());
    if (!ids.knows(pc, key)) {
        if (!micro || inst.isFirstMicroop() || decode->inst().pc != pc)
            decode->begin(pc, record.bytes(), record.macro());
        const char *const opClass = enums::OpClassStrings[inst.opClass()];
        if (!decode->add(inst, opClass, record.getMemValid() ? record.getSize() : 0)) {
            warn_once("perfvec: op class %s is not known to libperfvec %s, so such instructions "
                      "count as having none: use a newer libperfvec\n", opClass,
                      perfvec_version());
        }
        if (micro && !inst.isLastMicroop())
            return 0;
        pinned.push_back(record.whole());
    }
    return ids.get(pc, key, [&] {
        return perfvec_glue::Known{intern(decode->inst()), inst.isControl(), false};
    }).id;
}

void
PerfVec::commit(const Retire &committed)
{
    StaticInst &inst = committed.inst();
    // The one fault that is a retirement is the system call; the others are attempts.
    if (finished || (committed.getFaulting() && !inst.isSyscall()))
        return;
    if (committed.context() != context)
        attach(committed.context());
    perfvec_glue::Record record;
    record.pc = committed.address();
    record.memory = committed.getMemValid();
    record.address = record.memory ? committed.getAddr() : 0;
    record.tick = curTick();
    record.control = inst.isControl();
    record.microOp = inst.isMicroop();
    record.lastMicroOp = inst.isLastMicroop();
    const bool ends = !record.microOp || record.lastMicroOp;
    if (recording->writesTrace() || estimating) {
        if (isa != PERFVEC_ISA_RISCV64)
            record.id = internDecoded(committed, record.pc);
        else if (ends)
            record.id = internEncoding(committed, record.pc).id;
    }
    if (workItems && isa == PERFVEC_ISA_RISCV64) {
        const std::uint32_t bits = encodingOf(inst);
        if ((bits & 0x7f) == M5_OPCODE && bits >> 25 == M5_WORK_BEGIN)
            record.region = perfvec_glue::Record::Begins;
        else if ((bits & 0x7f) == M5_OPCODE && bits >> 25 == M5_WORK_END)
            record.region = perfvec_glue::Record::Ends;
    }
    folder.push(record, [this](const perfvec_glue::Record &retired) { emit(retired); });
}

void
PerfVec::emit(const perfvec_glue::Record &retired)
{
    // Untimed retirements, which are all of them on a functional CPU, need no division.
    const bool observed = timed && observing;
    std::uint64_t cycles = 0;
    if (observed || recording->active())
        cycles = (retired.tick - lastTick) / clockPeriod;
    lastTick = retired.tick;
    if (recording->active())
        recording->add(retired, count, observed, cycles);
    if (observed) {
        ++observedCount;
        observedSum += cycles;
    }
    if (estimating) {
        estimating->add(retired.id, retired.address, observed, cycles);
        if (retired.region == perfvec_glue::Record::Begins)
            estimating->regionBegin();
        else if (retired.region == perfvec_glue::Record::Ends)
            estimating->regionEnd();
    }
    if (++count == nextExit)
        leaveLoop();
}

void
PerfVec::leaveLoop()
{
    const auto &marks = params().exit_at;
    if (nextMark < marks.size() && count >= std::uint64_t(marks[nextMark])) {
        ++nextMark;
        exitSimLoop("perfvec mark");
    }
    if (params().exit_every > 0 && count % params().exit_every == 0)
        exitSimLoop("perfvec interval");
    planExit();
}

void
PerfVec::planExit()
{
    const auto &marks = params().exit_at;
    nextExit = 0;
    if (nextMark < marks.size())
        nextExit = std::max(std::uint64_t(marks[nextMark]), count + 1);
    const std::uint64_t every = params().exit_every;
    const std::uint64_t interval = every > 0 ? (count / every + 1) * every : 0;
    if (interval != 0 && (nextExit == 0 || interval < nextExit))
        nextExit = interval;
}

PerfVecEstimate &
PerfVec::estimate() const
{
    fatal_if(!estimating, "%s: it was made with estimate=False\n", name());
    return *estimating;
}

double
PerfVec::estimatedCycles(const std::string &microarch)
{
    return estimate().cycles(microarch);
}

double
PerfVec::calibratedCycles() const
{
    return estimate().calibratedCycles();
}

double
PerfVec::heldOutError() const
{
    return estimate().heldOutError();
}

void
PerfVec::regionBegin()
{
    estimate().regionBegin();
}

void
PerfVec::regionEnd()
{
    estimate().regionEnd();
}

void
PerfVec::finish()
{
    if (finished)
        return;
    folder.flush([this](const perfvec_glue::Record &retired) { emit(retired); });
    finished = true;
    recording->finish(cpu ? cpu->name() : "");
    if (estimating)
        estimating->finish(double(sim_clock::Frequency) / clockPeriod);
    fatal_if(count == 0,
             "%s: no instruction retired: set it as the tracer of the CPU that runs, and share "
             "it with those that take over (switch_cpu.tracer = cpu.tracer); CPUs that run on "
             "the host's own processor (KVM) cannot be traced\n", name());
}

} // namespace gem5
