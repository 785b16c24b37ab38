/**
 * @file
 * What is shown of one core of a microarch table, for one hart or for several.
 */
#ifndef PERFVEC_CORE_STATS_HH
#define PERFVEC_CORE_STATS_HH

#include <memory>
#include <string>
#include <vector>

#include <perfvec.hpp>

#include "base/statistics.hh"
#include "base/stats/group.hh"

namespace gem5
{

/** What lists of cores tell of one of them beyond its estimate, since the start. */
struct PerfVecCauses
{
    /** Cycles by cause, as many as perfvec_microarchs_stack_part() has names. */
    std::vector<double> stack;
    /** Half width of the 90% interval, relative. */
    double error = 0;
};

/**
 * PARENT.MICROARCH.cycles, .cpi, .seconds, .halfWidth; of lists of cores .stack and .error90, too.
 * All but the half widths count from the last reset on.
 */
class PerfVecCoreStats : public statistics::Group
{
  public:
    PerfVecCoreStats(statistics::Group *parent, const perfvec_microarch_info &info, bool causes);

    /** A group per core of `table`, under `parent`; `causes`: the model is a list of cores. */
    static std::vector<std::unique_ptr<PerfVecCoreStats>>
    ofTable(statistics::Group *parent, const perfvec::Microarchs &table, bool causes);

    /**
     * @param total since the start  @param causes of this core, or null where its model tells none
     * @param retired since the last reset
     */
    void show(const perfvec_estimate &total, const PerfVecCauses *causes, double retired);
    void rebase(const perfvec_estimate &total, const PerfVecCauses *causes);

  private:
    const double clockHz;
    double base = 0;
    std::vector<double> baseStack;
    statistics::Scalar cycles, cpi, seconds, halfWidth;
    /** Null where the model tells no causes. */
    std::unique_ptr<statistics::Scalar> error90;
    std::unique_ptr<statistics::Vector> stack;
};

/** Of every core of `table`, that of a list of cores. */
std::vector<PerfVecCauses> perfvecCauses(const perfvec::Session &session,
                                         const perfvec::Microarchs &table);

} // namespace gem5

#endif // PERFVEC_CORE_STATS_HH
