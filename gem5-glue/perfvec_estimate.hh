/**
 * @file
 * Running estimates: a perfvec session fed by the tracer, shown as gem5 statistics.
 */
#ifndef PERFVEC_ESTIMATE_HH
#define PERFVEC_ESTIMATE_HH

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <perfvec.h>

#include "base/statistics.hh"
#include "base/stats/group.hh"
#include "perfvec_core_stats.hh"
#include "perfvec_intervals.hh"
#include "sim/serialize.hh"

namespace gem5
{

struct PerfVecParams;

/**
 * The session of one hart and its estimates, as statistics of the tracer:
 *
 *     TRACER.retired, .measured, .pending, .units, .oodScore
 *     TRACER.MICROARCH.cycles, .cpi, .seconds, .halfWidth
 *
 * Values are fetched when statistics are dumped, and count from the last reset.
 */
class PerfVecEstimate : public statistics::Group
{
  public:
    PerfVecEstimate(statistics::Group *parent, const PerfVecParams &params);
    ~PerfVecEstimate();

    /** Makes the session. @param isa PERFVEC_ISA_*, which must be the model's. */
    void open(std::uint32_t isa);
    std::uint32_t intern(std::uint32_t isa, std::uint64_t pc, const std::uint8_t *bytes,
                         std::size_t size);
    std::uint32_t intern(const perfvec_static_inst &inst);

    /** @param timed whether `cycles` were observed on a CPU that models time. */
    void
    add(std::uint32_t id, std::uint64_t address, bool timed, std::uint64_t cycles)
    {
        if (timed && calibrator) {
            flush();
            retireTimed({id, 0, address, 0}, cycles);
            return;
        }
        batch[filled] = {id, 0, address, 0};
        if (++filled == BATCH)
            flush();
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
    perfvec_session *handle() { return session; }
    const perfvec_microarchs *microarchs() const { return table; }
    /** Retirements inside regions of interest since the start. */
    std::uint64_t inRegions() const { return session ? counts().retired : 0; }
    /** Estimated cycles on `microarch` since the start; for Python. */
    double cycles(const std::string &microarch);
    /** Estimated cycles on the fitted core; fatal before finish() with a calibration. */
    double calibratedCycles() const;
    /** Relative error of the fit on intervals it was not made from; fatal as above. */
    double heldOutError() const;

    void preDumpStats() override;
    void resetStats() override;

  private:
    /** Retirements handed to the library per call: few, so that they stay in the nearest cache. */
    static constexpr std::size_t BATCH = 256;

    void check(perfvec_status status, const char *what) const;
    void flush();
    void retireTimed(const perfvec_retirement &retired, std::uint64_t cycles);
    void createSession();
    std::vector<perfvec_estimate> estimates();
    perfvec_counts counts() const;
    std::string modelId() const;
    /** Complains at once of what would lose a calibration at the end of a long run. */
    void checkCalibrate() const;

    const PerfVecParams &params;
    perfvec_model *model = nullptr;
    perfvec_microarchs *table = nullptr;
    perfvec_session *session = nullptr;
    perfvec_calibrator *calibrator = nullptr;
    std::unique_ptr<PerfVecIntervals> series;
    std::array<perfvec_retirement, BATCH> batch;
    std::size_t filled = 0;
    std::vector<std::uint8_t> kept;
    double fittedCycles = -1, fittedError = 0;
    perfvec_counts baseCounts = {};

    statistics::Scalar retired, measured, pending, units, oodScore;
    std::vector<std::unique_ptr<PerfVecCoreStats>> cores;
};

} // namespace gem5

#endif // PERFVEC_ESTIMATE_HH
