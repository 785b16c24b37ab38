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
#include <memory>
#include <string>
#include <vector>

#include "params/PerfVec.hh"
#include "perfvec_stream.hh"
#include "sim/insttracer.hh"

namespace perfvec_glue
{
class Decoded;
} // namespace perfvec_glue

namespace gem5
{

class BaseCPU;
// gem5 includes this header where perfvec.h is not on the include path.
class PerfVecEstimate;
class PerfVecRecording;

class PerfVec : public trace::InstTracer
{
  public:
    PARAMS(PerfVec);
    explicit PerfVec(const Params &params);
    ~PerfVec() override;

    trace::InstRecord *getInstRecord(Tick when, ThreadContext *tc, const StaticInstPtr inst,
                                     const PCStateBase &pc,
                                     const StaticInstPtr macro = nullptr) override;
    void startup() override;
    DrainState drain() override;
    void notifyFork() override;
    void serialize(CheckpointOut &cp) const override;
    void unserialize(CheckpointIn &cp) override;

    /** Instructions retired since the process started. */
    std::uint64_t retired() const { return count; }
    /** Estimated cycles on `microarch` since the start. */
    double estimatedCycles(const std::string &microarch);
    /** Estimated cycles on the core that `calibrate` fitted; after finish(). */
    double calibratedCycles() const;
    /** Root mean square error of that fit on intervals it was not made from, relative. */
    double heldOutError() const;
    /** The session and its table; fatal with estimate=False. */
    PerfVecEstimate &estimate() const;
    void regionBegin();
    void regionEnd();
    /** Whether the cycles of a timing CPU are taken from here on; not so while it warms up. */
    void observe(bool on) { observing = on; }
    /** Retirements whose cycles were taken, and these cycles. */
    std::uint64_t observedRetired() const { return observedCount; }
    std::uint64_t observedCycles() const { return observedSum; }
    /** Completes the files; later retirements are not seen. Also done at exit. */
    void finish();

  private:
    class Retire;

    /** One committed record, in commit order. */
    void commit(const Retire &record);
    /** An instruction that is certain to commit, about to be executed by a CPU without a pipeline. */
    void retireSimple(const perfvec_glue::Known &known, Addr pc);
    void attach(ThreadContext *tc);
    void open(ThreadContext *tc);
    /** Interns for the session and for the recorder, whose ids are the same. */
    template <class... What>
    std::uint32_t intern(const What &...what);
    perfvec_glue::Known internEncoding(const Retire &record, Addr pc);
    std::uint32_t internDecoded(const Retire &record, Addr pc);
    void emit(const perfvec_glue::Record &retired);
    /** Leaves the simulation loop where `exit_at` and `exit_every` ask for it. */
    void leaveLoop();
    /** Sets `nextExit` from `count`. */
    void planExit();

    perfvec_glue::Folder folder;
    perfvec_glue::IdCache ids;
    std::unique_ptr<perfvec_glue::Decoded> decode;
    /** Keeps alive the static instructions that stand as keys in `ids`. */
    std::vector<StaticInstPtr> pinned;
    std::unique_ptr<PerfVecRecording> recording;
    std::unique_ptr<PerfVecEstimate> estimating;
    const bool workItems;
    /** Of the CPU that retires at present; changes when one takes over. */
    ThreadContext *context = nullptr;
    BaseCPU *cpu = nullptr;
    bool timed = false, observing = true, inOrder = false;
    int contextId = -1;
    std::uint32_t isa = 0;
    std::uint64_t count = 0, observedCount = 0, observedSum = 0;
    Tick lastTick = 0;
    std::uint64_t clockPeriod = 1;
    std::size_t nextMark = 0;
    /** The value of `count` at which to leave the simulation loop next; 0: never. */
    std::uint64_t nextExit = 0;
    bool finished = false;
};

} // namespace gem5

#endif // PERFVEC_TRACER_HH
