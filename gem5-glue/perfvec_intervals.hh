/**
 * @file
 * The interval series of one tracer: estimated cycles per interval and core, as JSON or CSV.
 *
 * CSV: a row per interval: interval, first, retired, measured, then the cycles on each core, in
 * columns named after the cores. JSON: {"microarchs": [name, ...], "intervals": [{"interval",
 * "first", "retired", "measured", "cycles": [...]}, ...]}. `first` is the interval's first
 * retirement within the regions of interest, `measured` how many went through the model.
 */
#ifndef PERFVEC_INTERVALS_HH
#define PERFVEC_INTERVALS_HH

#include <cstdio>
#include <string>
#include <vector>

#include <perfvec.hpp>

namespace gem5
{

/** Writes beside the file's name and renames at finish(). Errors wait to be asked for. */
class PerfVecIntervals
{
  public:
    /** @param path ends in .json or .csv  @param table must outlive this. */
    PerfVecIntervals(const std::string &path, const perfvec::Microarchs &table);
    ~PerfVecIntervals();

    /** The next interval of the session. */
    void add(const perfvec_interval &interval);
    /** What went wrong first, or "". */
    const std::string &failure() const { return error; }
    /** Completes the file. @return failure(). */
    std::string finish();

  private:
    void fail(const std::string &what);

    const std::string path, temporary;
    const perfvec::Microarchs &table;
    bool csv = false, any = false;
    std::FILE *file = nullptr;
    std::string error;
};

} // namespace gem5

#endif // PERFVEC_INTERVALS_HH
