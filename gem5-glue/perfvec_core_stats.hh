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

/** PARENT.MICROARCH.cycles, .cpi, .seconds, .halfWidth; all but the last from the last reset on. */
class PerfVecCoreStats : public statistics::Group
{
  public:
    PerfVecCoreStats(statistics::Group *parent, const perfvec_microarch_info &info);

    /** A group per core of `table`, under `parent`. */
    static std::vector<std::unique_ptr<PerfVecCoreStats>>
    ofTable(statistics::Group *parent, const perfvec::Microarchs &table);

    /** @param total since the start  @param retired since the last reset */
    void show(const perfvec_estimate &total, double retired);
    void rebase(const perfvec_estimate &total) { base = total.cycles; }

  private:
    const double clockHz;
    double base = 0;
    statistics::Scalar cycles, cpi, seconds, halfWidth;
};

} // namespace gem5

#endif // PERFVEC_CORE_STATS_HH
