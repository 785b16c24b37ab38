/**
 * @file
 * PerfVec: the instruction tracer that reports a CPU's retirements to libperfvec.
 *
 * Every CPU model of gem5 asks its tracer for a record per instruction and calls dump() on it
 * at commit, in order. The tracer folds the records to retirements and hands them on. It never
 * touches simulated state: no statistic but its own changes because it is there.
 */
#ifndef PERFVEC_TRACER_HH
#define PERFVEC_TRACER_HH

#include <cstdint>
#include <string>

#include "params/PerfVec.hh"
#include "perfvec_recording.hh"
#include "perfvec_stream.hh"
#include "sim/insttracer.hh"

namespace gem5
{

class BaseCPU;

class PerfVec : public trace::InstTracer
{
  public:
    PARAMS(PerfVec);
    explicit PerfVec(const Params &params);

    trace::InstRecord *getInstRecord(Tick when, ThreadContext *tc, const StaticInstPtr inst,
                                     const PCStateBase &pc,
                                     const StaticInstPtr macro = nullptr) override;
    void startup() override;

    /** Instructions retired since the process started. */
    std::uint64_t retired() const { return count; }
    /** Completes the files; later retirements are not recorded. Also done at exit. */
    void finish();

  private:
    class Retire;

    /** One committed record, in commit order. */
    void commit(ThreadContext *tc, StaticInst &inst, Addr pc, bool memory, Addr address,
                bool faulting);
    void attach(ThreadContext *tc);
    std::uint32_t intern(StaticInst &inst, Addr pc);
    void emit(const perfvec_glue::Record &retired);

    perfvec_glue::Folder folder;
    perfvec_glue::IdCache ids;
    PerfVecRecording recording;
    /** The CPU that retires at present; changes when one takes over. */
    BaseCPU *cpu = nullptr;
    int contextId = -1;
    std::uint32_t isa = 0;
    std::uint64_t count = 0;
    Tick lastTick = 0;
    std::uint64_t clockPeriod = 1;
    std::size_t nextMark = 0;
    bool finished = false;
};

} // namespace gem5

#endif // PERFVEC_TRACER_HH
