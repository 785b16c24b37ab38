#include "perfvec_recording.hh"

#include "base/logging.hh"
#include "params/PerfVec.hh"
#include "perfvec_region.hh"

namespace gem5
{

PerfVecRecording::PerfVecRecording(const PerfVecParams &params)
    : params(params), tracePath(params.record),
      place(params.name + ": " + params.record), writesCycles(!params.cycles.empty()),
      writesHashes(!params.hashes.empty())
{
    // fatal_if would print its condition as a format, so no % in it.
    const bool odd = params.windows.size() & 1;
    fatal_if(odd,
             "%s: windows has %d numbers: give pairs of first retirement and number of "
             "retirements\n", params.name, params.windows.size());
}

void
PerfVecRecording::open(std::uint32_t isa, std::uint64_t period)
{
    if (opened || !active())
        return;
    opened = true;
    clockPeriod = period;
    std::vector<perfvec_glue::CycleFile::Window> windows;
    for (std::size_t i = 0; i + 1 < params.windows.size(); i += 2)
        windows.emplace_back(params.windows[i], params.windows[i + 1]);
    fatal_if(writesCycles && !cycleFile.open(params.cycles, windows), "%s: %s\n", params.name,
             cycleFile.error());
    fatal_if(writesHashes && !hashFile.open(params.hashes, {}, false), "%s: %s\n", params.name,
             hashFile.error());
    if (writesTrace()) {
        perfvec::TraceHeader header(isa);
        header.clock_period_ps = period;
        header.host = "gem5";
        header.program = params.program.c_str();
        header.metadata_json = params.parameters.c_str();
        orFatal(place, "create", [&] {
            recorder.emplace(tracePath, header);
            recorder->set_region(perfvec_glue::regionOf(params));
        });
    }
}

void
PerfVecRecording::add(const perfvec_glue::Record &retired, std::uint64_t index, bool observed,
                      std::uint64_t cycles)
{
    if (recorder) {
        orFatal(place, "retire", [&] {
            feed.add(*recorder, retired.id, retired.address, observed, cycles);
        });
    }
    if (writesCycles)
        cycleFile.add(index, retired.pc, retired.address, cycles);
    if (writesHashes)
        hashFile.add(index, retired.pc, retired.address, 0);
}

void
PerfVecRecording::finish(const std::string &cpu)
{
    if (!opened)
        return;
    opened = false;
    if (recorder) {
        orFatal(place, "finish", [&] {
            feed.flush(*recorder);
            recorder->finish();
        });
        recorder.reset();
    }
    using perfvec_glue::jsonEscape;
    const std::string fields = "\"program\": \"" + jsonEscape(params.program)
        + "\", \"microarch\": \"" + jsonEscape(params.microarch) + "\", \"cpu\": \""
        + jsonEscape(cpu) + "\", \"clock_period_ps\": " + std::to_string(clockPeriod)
        + ", \"parameters\": " + (params.parameters.empty() ? "{}" : params.parameters);
    fatal_if(writesCycles && !cycleFile.finish(fields), "%s: %s\n", params.name,
             cycleFile.error());
    fatal_if(writesHashes && !hashFile.finish(fields), "%s: %s\n", params.name,
             hashFile.error());
}

} // namespace gem5
