/**
 * @file
 * What a PerfVec tracer writes down: the stream (trace) and the observed cycles (cycle file).
 */
#ifndef PERFVEC_RECORDING_HH
#define PERFVEC_RECORDING_HH

#include <cstdint>
#include <optional>
#include <string>

#include <perfvec.hpp>

#include "perfvec_cycles.hh"
#include "perfvec_feed.hh"
#include "perfvec_stream.hh"

namespace gem5
{

struct PerfVecParams;

/** The files of one tracer. Failures are fatal: a recording with a hole is worth nothing. */
class PerfVecRecording
{
  public:
    explicit PerfVecRecording(const PerfVecParams &params);

    /** Whether any file was asked for. */
    bool active() const { return writesTrace() || writesCycles || writesHashes; }
    /** Whether retirements must carry interned ids. */
    bool writesTrace() const { return !tracePath.empty(); }

    /** Opens the files. @param isa PERFVEC_ISA_*  @param period clock period in ticks (ps). */
    void open(std::uint32_t isa, std::uint64_t period);
    /** Interns what a recorder's `intern` takes. */
    template <class... What>
    std::uint32_t
    intern(const What &...what)
    {
        return orFatal(place, "intern", [&] { return recorder->intern(what...); });
    }
    /**
     * One retirement. @param index how many were before it
     * @param observed whether its cycles are those of the core in question: the trace has them then
     * @param cycles since the retirement before it
     */
    void add(const perfvec_glue::Record &retired, std::uint64_t index, bool observed,
             std::uint64_t cycles);
    /** Completes the files under their names. */
    void finish(const std::string &cpu);

  private:
    const PerfVecParams &params;
    const std::string tracePath;
    /** Whose trace it is, for errors. */
    const std::string place;
    const bool writesCycles, writesHashes;
    bool opened = false;
    std::uint64_t clockPeriod = 0;
    std::optional<perfvec::Recorder> recorder;
    PerfVecFeed<perfvec::Recorder> feed;
    perfvec_glue::CycleFile cycleFile, hashFile;
};

} // namespace gem5

#endif // PERFVEC_RECORDING_HH
