#include "perfvec_total.hh"

#include <algorithm>
#include <numeric>

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
    const PerfVecEstimate &first = p.tracers[0]->estimate();
    cores = PerfVecCoreStats::ofTable(this, first.microarchs(), first.tellsCauses());
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

std::vector<PerfVecCauses>
PerfVecTotal::causes(const std::vector<perfvec_estimate> &sums) const
{
    std::vector<PerfVecCauses> all;
    for (PerfVec *tracer : params().tracers) {
        const auto hart = tracer->estimate().causes();
        all.resize(std::max(all.size(), hart.size()));
        for (std::size_t i = 0; i < hart.size(); ++i) {
            const auto &stack = hart[i].stack;
            all[i].stack.resize(stack.size());
            for (std::size_t part = 0; part < stack.size(); ++part)
                all[i].stack[part] += stack[part];
            const double cycles = std::accumulate(stack.begin(), stack.end(), 0.0);
            if (sums[i].cycles > 0)
                all[i].error += hart[i].error * cycles / sums[i].cycles;
        }
    }
    return all;
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
    const auto why = causes(total);
    for (std::size_t i = 0; i < total.size(); ++i)
        cores[i]->show(total[i], why.empty() ? nullptr : &why[i], since);
}

void
PerfVecTotal::resetStats()
{
    SimObject::resetStats();
    const auto total = sums();
    base = retirements();
    const auto why = causes(total);
    for (std::size_t i = 0; i < total.size(); ++i)
        cores[i]->rebase(total[i], why.empty() ? nullptr : &why[i]);
}

} // namespace gem5
