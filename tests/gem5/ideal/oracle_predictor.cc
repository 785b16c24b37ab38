#include "oracle_predictor.hh"

#include <fstream>
#include <iterator>

#include "base/logging.hh"
#include "sim/core.hh"

namespace gem5
{

namespace branch_prediction
{

OraclePredictor::OraclePredictor(const OraclePredictorParams &params)
    : BPredUnit(params), path(params.outcomes), learn(params.learn)
{
    if (learn) {
        registerExitCallback([this] { save(); });
        return;
    }
    std::ifstream file(path, std::ios::binary);
    fatal_if(!file, "%s: cannot read %s: write it by a run with learn=True\n", name(), path);
    outcomes.assign(std::istreambuf_iterator<char>(file), {});
}

bool
OraclePredictor::lookup(ThreadID, Addr, void *&history)
{
    const std::size_t place = next++;
    // The place, from 1, so that it is not null.
    history = reinterpret_cast<void *>(next);
    return place < outcomes.size() && outcomes[place] != 0;
}

void
OraclePredictor::squash(ThreadID, void *&history)
{
    if (history) // an unconditional branch has none
        next = reinterpret_cast<std::size_t>(history) - 1;
    history = nullptr;
}

void
OraclePredictor::update(ThreadID, Addr, bool taken, void *&history, bool squashed,
                        const StaticInstPtr &, Addr)
{
    if (!history)
        return;
    if (squashed) {
        next = reinterpret_cast<std::size_t>(history); // what follows this branch
        return;
    }
    if (learn)
        outcomes.push_back(taken ? 1 : 0);
    history = nullptr;
}

void
OraclePredictor::save() const
{
    std::ofstream file(path, std::ios::binary);
    file.write(outcomes.data(), outcomes.size());
    fatal_if(!file.flush(), "%s: cannot write %s\n", name(), path);
}

} // namespace branch_prediction
} // namespace gem5
