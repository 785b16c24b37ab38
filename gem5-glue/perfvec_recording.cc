#include "perfvec_recording.hh"

#include <algorithm>
#include <limits>

#include "base/logging.hh"
#include "params/PerfVec.hh"

namespace gem5
{

namespace
{

/** Retirements handed to the library per call. */
constexpr std::size_t BATCH = 1024;

} // anonymous namespace

PerfVecRecording::PerfVecRecording(const PerfVecParams &params)
    : params(params), tracePath(params.record), writesCycles(!params.cycles.empty()),
      writesHashes(!params.hashes.empty())
{
    // fatal_if would print its condition as a format, so no % in it.
    const bool odd = params.windows.size() & 1;
    fatal_if(odd,
             "%s: windows has %d numbers: give pairs of first retirement and number of "
             "retirements\n", params.name, params.windows.size());
}

PerfVecRecording::~PerfVecRecording()
{
    perfvec_recorder_abort(recorder);
}

void
PerfVecRecording::check(perfvec_status status, const char *what)
{
    fatal_if(status != PERFVEC_OK, "%s: %s: %s: %s\n", params.name, what, tracePath,
             perfvec_last_error());
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
        perfvec_trace_header header = {};
        header.struct_size = sizeof(header);
        header.isa = isa;
        header.clock_period_ps = period;
        header.host = "gem5";
        header.program = params.program.c_str();
        header.metadata_json = params.parameters.c_str();
        check(perfvec_recorder_create(tracePath.c_str(), &header, &recorder), "create");
        batch.reserve(BATCH);
    }
}

std::uint32_t
PerfVecRecording::intern(std::uint32_t isa, std::uint64_t pc, const std::uint8_t *bytes,
                         std::size_t size)
{
    std::uint32_t id = 0;
    check(perfvec_recorder_intern_encoding(recorder, isa, pc, bytes, size, &id), "intern");
    return id;
}

std::uint32_t
PerfVecRecording::intern(const perfvec_static_inst &inst)
{
    std::uint32_t id = 0;
    check(perfvec_recorder_intern(recorder, &inst, &id), "intern");
    return id;
}

void
PerfVecRecording::flush()
{
    if (!batch.empty())
        check(perfvec_recorder_retire_many(recorder, batch.data(), batch.size()), "retire");
    batch.clear();
}

void
PerfVecRecording::add(const perfvec_glue::Record &retired, std::uint64_t index, bool observed,
                      std::uint64_t cycles)
{
    if (recorder) {
        const perfvec_retirement retirement = {retired.id, 0, retired.address, 0};
        if (observed) {
            flush();
            const auto most = std::uint64_t(std::numeric_limits<std::uint32_t>::max());
            check(perfvec_recorder_retire_timed(recorder, &retirement,
                                                std::uint32_t(std::min(cycles, most))),
                  "retire");
        } else {
            batch.push_back(retirement);
            if (batch.size() == BATCH)
                flush();
        }
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
        flush();
        check(perfvec_recorder_finish(recorder, nullptr), "finish");
        recorder = nullptr;
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
