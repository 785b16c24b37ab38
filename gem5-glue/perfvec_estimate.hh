/**
 * @file
 * Running estimates: a perfvec session fed by the tracer, shown as gem5 statistics.
 */
#ifndef PERFVEC_ESTIMATE_HH
#define PERFVEC_ESTIMATE_HH

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <perfvec.hpp>

#include "base/statistics.hh"
#include "base/stats/group.hh"
#include "perfvec_core_stats.hh"
#include "perfvec_feed.hh"
#include "perfvec_intervals.hh"
#include "sim/serialize.hh"

namespace gem5
{

struct PerfVecParams;

/**
 * The session of one hart and its estimates, as statistics of the tracer:
 *
 *     TRACER.retired, .measured, .pending, .units, .oodScore
 *     TRACER.MICROARCH.cycles, .cpi, .seconds, .halfWidth; .stack, .error90
 *
 * Values are fetched when statistics are dumped, and count from the last reset.
 */
class PerfVecEstimate : public statistics::Group
{
  public:
    PerfVecEstimate(statistics::Group *parent, const PerfVecParams &params);

    /** Makes the session. @param isa PERFVEC_ISA_*, which must be the model's. */
    void open(std::uint32_t isa);
    /** Interns what a session's `intern` takes. */
    template <class... What>
    std::uint32_t
    intern(const What &...what)
    {
        return orFatal(name(), "intern", [&] { return session->intern(what...); });
    }

    /** @param timed whether `cycles` were observed on a CPU that models time. */
    void
    add(std::uint32_t id, std::uint64_t address, bool timed, std::uint64_t cycles)
    {
        orFatal(name(), "retire", [&] {
            feed.add(*session, id, address, timed && calibrator, cycles);
        });
    }

    /** Puts everything handed over through the model. */
    void sync();
    void regionBegin();
    void regionEnd();
    /** Solves the calibration and writes the interval series, where these were asked for. */
    void finish(double clockHz);

    /** A snapshot in memory, from which notifyFork() rebuilds the session in a child. */
    void keepSnapshot();
    void notifyFork();
    void serialize(CheckpointOut &cp, const std::string &tracer);
    void unserialize(CheckpointIn &cp, const std::string &tracer);

    /** The session, or null before the first retirement. */
    const perfvec::Session *current() const { return session ? &*session : nullptr; }
    const perfvec::Microarchs &microarchs() const { return table; }
    /** Retirements inside regions of interest since the start. */
    std::uint64_t inRegions() const { return session ? counts().retired : 0; }
    /** Whether the model is a list of cores, which tells where cycles go. */
    bool tellsCauses() const { return isCores; }
    /** Of every core, since the start; empty where the model does not tell. */
    std::vector<PerfVecCauses> causes() const;
    /** Estimated cycles on `microarch` since the start; for Python. */
    double cycles(const std::string &microarch);
    /** Estimated cycles on the fitted core; fatal before finish() with a calibration. */
    double calibratedCycles() const;
    /** Relative error of the fit on intervals it was not made from; fatal as above. */
    double heldOutError() const;

    void preDumpStats() override;
    void resetStats() override;

  private:
    const std::string &name() const { return tracerName; }
    void flush();
    void createSession();
    std::vector<perfvec_estimate> estimates() const;
    perfvec_counts counts() const;
    /** Complains at once of what would lose a calibration at the end of a long run. */
    void checkCalibrate() const;

    const PerfVecParams &params;
    const std::string tracerName;
    perfvec::Model model;
    const bool isCores;
    perfvec::Microarchs table;
    /** Both outlive the session, which calls `series` and feeds the calibrator. */
    std::unique_ptr<PerfVecIntervals> series;
    std::optional<perfvec::Calibrator> calibrator;
    std::optional<perfvec::Session> session;
    PerfVecFeed<perfvec::Session> feed;
    std::vector<std::uint8_t> kept;
    double fittedCycles = -1, fittedError = 0;
    perfvec_counts baseCounts = {};

    statistics::Scalar retired, measured, pending, units, oodScore;
    std::vector<std::unique_ptr<PerfVecCoreStats>> cores;
};

} // namespace gem5

#endif // PERFVEC_ESTIMATE_HH
