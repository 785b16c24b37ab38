#include "perfvec_core_stats.hh"

#include <cctype>

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

PerfVecCoreStats::PerfVecCoreStats(statistics::Group *parent, const perfvec_microarch_info &info)
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
}

std::vector<std::unique_ptr<PerfVecCoreStats>>
PerfVecCoreStats::ofTable(statistics::Group *parent, const perfvec::Microarchs &table)
{
    std::vector<std::unique_ptr<PerfVecCoreStats>> cores;
    for (std::size_t i = 0; i < table.size(); ++i)
        cores.push_back(std::make_unique<PerfVecCoreStats>(parent, table.at(i)));
    return cores;
}

void
PerfVecCoreStats::show(const perfvec_estimate &total, double retired)
{
    const double since = total.cycles - base;
    cycles = since;
    cpi = retired > 0 ? since / retired : 0;
    seconds = since / clockHz;
    halfWidth = total.half_width;
}

} // namespace gem5
