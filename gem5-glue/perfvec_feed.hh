/**
 * @file
 * What a session and a recorder take in the same way, and what their errors end.
 *
 * Knows nothing of gem5 but its fatal().
 */
#ifndef PERFVEC_FEED_HH
#define PERFVEC_FEED_HH

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include <perfvec.hpp>

#include "base/logging.hh"

namespace gem5
{

/**
 * Runs `f`. What the library refuses ends the simulation, since a stream with a hole is worth
 * nothing: `name` and `what` stand before its text.
 */
template <class F>
auto
orFatal(const std::string &name, const char *what, F &&f) -> decltype(f())
{
    try {
        return f();
    } catch (const perfvec::Error &error) {
        fatal("%s: %s: %s\n", name, what, error.text());
    }
}

/** Hands retirements on in batches, and timed ones alone, in their order. */
template <class Sink>
class PerfVecFeed
{
  public:
    /** @param timed whether `cycles` were observed on a CPU that models time. */
    void
    add(Sink &sink, std::uint32_t id, std::uint64_t address, bool timed, std::uint64_t cycles)
    {
        const perfvec_retirement retired = {id, 0, address, 0};
        if (timed) {
            flush(sink);
            constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
            sink.retire_timed(retired, std::uint32_t(std::min(cycles, most)));
            return;
        }
        batch[filled] = retired;
        if (++filled == BATCH)
            flush(sink);
    }

    void
    flush(Sink &sink)
    {
        const std::size_t len = filled;
        filled = 0;
        if (len != 0)
            sink.retire(batch.data(), len);
    }

  private:
    /** Few, so that they stay in the nearest cache. */
    static constexpr std::size_t BATCH = 256;

    std::array<perfvec_retirement, BATCH> batch;
    std::size_t filled = 0;
};

} // namespace gem5

#endif // PERFVEC_FEED_HH
