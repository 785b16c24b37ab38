#include "perfvec_total.hh"

#include "base/logging.hh"
#include "perfvec_estimate.hh"
#include "perfvec_feed.hh"
#include "perfvec_tracer.hh"

namespace gem5
{

PerfVecTotal::PerfVecTotal(const Params &p)
    : SimObject(p),
      ADD_STAT(retired, statistics::units::Count::get(), "Instructions retired by all harts")
{
    fatal_if(p.tracers.empty(), "%s: no tracers: name those of the CPUs to add up\n", name());
    cores = PerfVecCoreStats::ofTable(this, p.tracers[0]->estimate().microarchs());
}

PerfVecTotal::~PerfVecTotal() = default;

std::vector<perfvec_estimate>
PerfVecTotal::sums()
{
    std::vector<const perfvec::Session *> sessions;
    for (PerfVec *tracer : params().tracers) {
        PerfVecEstimate &hart = tracer->estimate();
        hart.sync();
        if (hart.current()) // else it has not retired anything yet
            sessions.push_back(hart.current());
    }
    if (sessions.empty())
        return {};
    return orFatal(name(), "totals", [&] {
        return perfvec::estimate_total(sessions, params().tracers[0]->estimate().microarchs());
    });
}

std::uint64_t
PerfVecTotal::retirements() const
{
    std::uint64_t sum = 0;
    for (PerfVec *tracer : params().tracers)
        sum += tracer->estimate().inRegions();
    return sum;
}

void
PerfVecTotal::preDumpStats()
{
    SimObject::preDumpStats();
    const auto total = sums();
    const double since = retirements() - base;
    retired = since;
    for (std::size_t i = 0; i < total.size(); ++i)
        cores[i]->show(total[i], since);
}

void
PerfVecTotal::resetStats()
{
    SimObject::resetStats();
    const auto total = sums();
    base = retirements();
    for (std::size_t i = 0; i < total.size(); ++i)
        cores[i]->rebase(total[i]);
}

} // namespace gem5
