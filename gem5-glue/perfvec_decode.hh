/**
 * @file
 * gem5's static instructions in perfvec's words, for ISAs whose encodings the library does not
 * decode itself. Everything goes by name: gem5's numbers change between versions.
 */
#ifndef PERFVEC_DECODE_HH
#define PERFVEC_DECODE_HH

#include <perfvec.h>

#include "base/types.hh"
#include "cpu/static_inst.hh"

namespace gem5
{

/** Builds the static instruction of a whole instruction from its micro-ops, in order. */
class PerfVecDecode
{
  public:
    /** Starts an instruction of `size` bytes at `pc`. @param macro the macro-op, or null. */
    void begin(Addr pc, std::size_t size, const StaticInst *macro);
    /** @param accessSize bytes of its memory access, or 0. */
    void add(const StaticInst &op, std::size_t accessSize);
    const perfvec_static_inst &inst() const { return built; }

  private:
    perfvec_static_inst built = {};
    /** How much the op class chosen so far says. */
    int rank = 0;
};

} // namespace gem5

#endif // PERFVEC_DECODE_HH
