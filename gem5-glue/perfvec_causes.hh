/**
 * @file
 * Cycles by cause since statistics were reset. Nothing here is gem5's.
 */
#ifndef PERFVEC_CAUSES_HH
#define PERFVEC_CAUSES_HH

#include <algorithm>
#include <cstddef>
#include <vector>

namespace perfvec_glue
{

/**
 * Of `now`, cycles by cause from the start, those since `base`, which was the same at the reset
 * (empty: nothing was reset). They add up to `since`, the cycles in between, and none is negative.
 *
 * The plain differences may be: a sampled estimate is scaled to all that retired, so what is
 * measured later revises what was said of a cause before, and parts are rounded to add up to
 * their total.
 */
inline std::vector<double>
causesSince(const std::vector<double> &now, const std::vector<double> &base, double since)
{
    if (base.empty())
        return now;
    std::vector<double> parts(now.size());
    double sum = 0;
    for (std::size_t i = 0; i < now.size(); ++i)
        sum += parts[i] = std::max(0.0, now[i] - base[i]);
    const double scale = sum > 0 ? std::max(0.0, since) / sum : 0;
    for (double &part : parts)
        part *= scale;
    return parts;
}

} // namespace perfvec_glue

#endif // PERFVEC_CAUSES_HH
