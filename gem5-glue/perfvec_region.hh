/**
 * @file
 * The region of interest that a tracer's parameters ask for.
 */
#ifndef PERFVEC_REGION_HH
#define PERFVEC_REGION_HH

#include <perfvec.hpp>

#include "params/PerfVec.hh"

namespace perfvec_glue
{

/** All 0, and thus none, where the parameters have their defaults. */
inline perfvec_region
regionOf(const gem5::PerfVecParams &params)
{
    perfvec_region region = {};
    region.markers = params.markers;
    region.from_pc = params.from_pc;
    region.from_count = params.from_pc ? params.from_count : 0;
    region.skip = params.skip;
    region.first = params.first;
    region.until_pc = params.until_pc;
    region.until_count = params.until_pc ? params.until_count : 0;
    return region;
}

inline bool
hasRegion(const gem5::PerfVecParams &params)
{
    return params.markers || params.from_pc || params.skip || params.first || params.until_pc;
}

} // namespace perfvec_glue

#endif
