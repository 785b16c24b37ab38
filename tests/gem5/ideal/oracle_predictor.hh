/**
 * @file
 * A direction predictor that is always right, to see what mispredictions cost.
 */
#ifndef ORACLE_PREDICTOR_HH
#define ORACLE_PREDICTOR_HH

#include <cstddef>
#include <string>

#include "cpu/pred/bpred_unit.hh"
#include "params/OraclePredictor.hh"

namespace gem5
{

namespace branch_prediction
{

/**
 * Branches are counted as they are fetched, and a squash takes the count back, so that on the
 * right path it is the place in the file. What it says on a wrong path does not matter.
 */
class OraclePredictor : public BPredUnit
{
  public:
    explicit OraclePredictor(const OraclePredictorParams &params);

    bool lookup(ThreadID tid, Addr pc, void *&history) override;
    void updateHistories(ThreadID, Addr, bool, bool, Addr, void *&) override {}
    void squash(ThreadID tid, void *&history) override;
    void update(ThreadID tid, Addr pc, bool taken, void *&history, bool squashed,
                const StaticInstPtr &inst, Addr target) override;

  private:
    void save() const;

    const std::string path;
    const bool learn;
    std::string outcomes;
    std::size_t next = 0;
};

} // namespace branch_prediction
} // namespace gem5

#endif // ORACLE_PREDICTOR_HH
