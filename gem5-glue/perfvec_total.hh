/**
 * @file
 * PerfVecTotal: the sum of several tracers' estimates, as statistics.
 */
#ifndef PERFVEC_TOTAL_HH
#define PERFVEC_TOTAL_HH

#include <cstdint>
#include <memory>
#include <vector>

#include "base/statistics.hh"
#include "params/PerfVecTotal.hh"
#include "sim/sim_object.hh"

struct perfvec_estimate;

namespace gem5
{

// gem5 includes this header where perfvec.h is not on the include path.
class PerfVecCoreStats;
struct PerfVecCauses;

/** `retired`, and per core of the first tracer's table what PerfVecCoreStats shows. */
class PerfVecTotal : public SimObject
{
  public:
    PARAMS(PerfVecTotal);
    explicit PerfVecTotal(const Params &params);
    ~PerfVecTotal() override;

    void preDumpStats() override;
    void resetStats() override;

  private:
    /** Brings every session up to date. @return their sums, or nothing before any retirement. */
    std::vector<perfvec_estimate> sums();
    /** Of the sums: stacks add up; errors of one machine are those of all, by cycles. */
    std::vector<PerfVecCauses> causes(const std::vector<perfvec_estimate> &sums) const;
    std::uint64_t retirements() const;

    std::uint64_t base = 0;
    statistics::Scalar retired;
    std::vector<std::unique_ptr<PerfVecCoreStats>> cores;
};

} // namespace gem5

#endif // PERFVEC_TOTAL_HH
