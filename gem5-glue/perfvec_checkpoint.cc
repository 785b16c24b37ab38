// What a PerfVec tracer does when the simulator drains, forks, and writes or reads a checkpoint.
#include "base/logging.hh"
#include "perfvec_estimate.hh"
#include "perfvec_recording.hh"
#include "perfvec_tracer.hh"
#include "sim/cur_tick.hh"

namespace gem5
{

DrainState
PerfVec::drain()
{
    if (estimating && params().forks)
        estimating->keepSnapshot();
    return DrainState::Drained;
}

void
PerfVec::notifyFork()
{
    InstTracer::notifyFork();
    fatal_if(recording->active(), "%s: a recording cannot continue in a forked simulator: record in "
             "the parent only\n", name());
    if (estimating)
        estimating->notifyFork();
}

void
PerfVec::serialize(CheckpointOut &cp) const
{
    InstTracer::serialize(cp);
    SERIALIZE_SCALAR(count);
    SERIALIZE_SCALAR(lastTick);
    const bool pending = folder.hasPending();
    const perfvec_glue::Record record = folder.pendingRecord();
    SERIALIZE_SCALAR(pending);
    paramOut(cp, "pendingPc", record.pc);
    paramOut(cp, "pendingAddress", record.address);
    paramOut(cp, "pendingTick", record.tick);
    paramOut(cp, "pendingId", record.id);
    paramOut(cp, "pendingControl", record.control);
    // A checkpoint is often taken right where a region begins.
    paramOut(cp, "pendingRegion", unsigned(record.region));
    if (estimating)
        estimating->serialize(cp, name());
    if (recording->active())
        warn("%s: a recording is not part of a checkpoint\n", name());
}

void
PerfVec::unserialize(CheckpointIn &cp)
{
    InstTracer::unserialize(cp);
    // A checkpoint may have been taken without a tracer; the stream then starts here.
    if (!UNSERIALIZE_OPT_SCALAR(count)) {
        lastTick = curTick();
        return;
    }
    fatal_if(recording->writesTrace(), "%s: a trace cannot begin at this checkpoint, where the "
             "stream of a tracer goes on: record from the start, or take the checkpoint without "
             "a tracer\n", name());
    UNSERIALIZE_SCALAR(lastTick);
    bool pending = false;
    UNSERIALIZE_SCALAR(pending);
    perfvec_glue::Record record;
    paramIn(cp, "pendingPc", record.pc);
    paramIn(cp, "pendingAddress", record.address);
    paramIn(cp, "pendingTick", record.tick);
    paramIn(cp, "pendingId", record.id);
    paramIn(cp, "pendingControl", record.control);
    unsigned region = perfvec_glue::Record::Stays;
    optParamIn(cp, "pendingRegion", region, false);
    record.region = perfvec_glue::Record::Region(region);
    if (pending)
        folder.restorePending(record);
    const auto &marks = params().exit_at;
    while (nextMark < marks.size() && count >= std::uint64_t(marks[nextMark]))
        ++nextMark;
    planExit();
    if (estimating)
        estimating->unserialize(cp, name());
}

} // namespace gem5
