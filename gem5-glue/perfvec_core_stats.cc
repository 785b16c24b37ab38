#include "perfvec_core_stats.hh"

#include <cctype>

#include "perfvec_causes.hh"

namespace gem5
{

namespace
{

/** `name` with what statistics cannot have in a name replaced. */
std::string
statName(std::string name)
{
    for (char &c : name)
        c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
}

} // anonymous namespace

PerfVecCoreStats::PerfVecCoreStats(statistics::Group *parent, const perfvec_microarch_info &info,
                                   bool causes)
    : Group(parent, statName(info.name).c_str()), clockHz(info.clock_hz),
      ADD_STAT(cycles, statistics::units::Cycle::get(), "Estimated cycles"),
      ADD_STAT(cpi, statistics::units::Rate<statistics::units::Cycle,
                                            statistics::units::Count>::get(),
               "Estimated cycles per retired instruction"),
      ADD_STAT(seconds, statistics::units::Second::get(), "Estimated time"),
      ADD_STAT(halfWidth, statistics::units::Ratio::get(),
               "Half width of the 95% interval around the estimate since the start, relative; "
               "0 without sampling")
{
    if (!causes)
        return;
    error90 = std::make_unique<statistics::Scalar>(
        this, "error90", statistics::units::Ratio::get(),
        "Half width of the interval around the estimate since the start that holds gem5's cycles "
        "in nine of ten programs, relative; sampling included");
    stack = std::make_unique<statistics::Vector>(
        this, "stack", statistics::units::Cycle::get(), "Estimated cycles by what they went to");
    stack->init(PERFVEC_STACK_PARTS).flags(statistics::total);
    for (std::size_t i = 0; i < PERFVEC_STACK_PARTS; ++i)
        stack->subname(i, perfvec::Microarchs::stack_part(i));
}

std::vector<std::unique_ptr<PerfVecCoreStats>>
PerfVecCoreStats::ofTable(statistics::Group *parent, const perfvec::Microarchs &table, bool causes)
{
    std::vector<std::unique_ptr<PerfVecCoreStats>> cores;
    for (std::size_t i = 0; i < table.size(); ++i)
        cores.push_back(std::make_unique<PerfVecCoreStats>(parent, table.at(i), causes));
    return cores;
}

void
PerfVecCoreStats::show(const perfvec_estimate &total, const PerfVecCauses *causes,
                       double retired)
{
    const double since = total.cycles - base;
    cycles = since;
    cpi = retired > 0 ? since / retired : 0;
    seconds = since / clockHz;
    halfWidth = total.half_width;
    if (!causes || !stack)
        return;
    *error90 = causes->error;
    const auto parts = perfvec_glue::causesSince(causes->stack, baseStack, since);
    for (std::size_t i = 0; i < parts.size(); ++i)
        (*stack)[i] = parts[i];
}

void
PerfVecCoreStats::rebase(const perfvec_estimate &total, const PerfVecCauses *causes)
{
    base = total.cycles;
    if (causes)
        baseStack = causes->stack;
}

std::vector<PerfVecCauses>
perfvecCauses(const perfvec::Session &session, const perfvec::Microarchs &table)
{
    const auto stacks = session.stacks(table), errors = session.errors(table);
    std::vector<PerfVecCauses> causes;
    for (std::size_t i = 0; i < errors.size(); ++i) {
        const auto first = stacks.begin() + i * PERFVEC_STACK_PARTS;
        causes.push_back({{first, first + PERFVEC_STACK_PARTS}, errors[i]});
    }
    return causes;
}

} // namespace gem5
