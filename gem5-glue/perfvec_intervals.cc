#include "perfvec_intervals.hh"

#include <cerrno>
#include <cstring>

#include "perfvec_cycles.hh"

namespace gem5
{

namespace
{

bool
endsWith(const std::string &text, const std::string &end)
{
    return text.size() >= end.size()
        && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // anonymous namespace

PerfVecIntervals::PerfVecIntervals(const std::string &path, const perfvec::Microarchs &table)
    : path(path), temporary(path + ".part"), table(table), csv(endsWith(path, ".csv"))
{
    if (!csv && !endsWith(path, ".json")) {
        fail("its name must end in .json or .csv");
        return;
    }
    file = std::fopen(temporary.c_str(), "w");
    if (!file) {
        fail(std::string("cannot open: ") + std::strerror(errno));
        return;
    }
    std::fputs(csv ? "interval,first,retired,measured" : "{\"microarchs\": [", file);
    for (std::size_t i = 0; i < table.size(); ++i) {
        const char *const name = table.at(i).name;
        if (csv)
            std::fprintf(file, ",%s", name);
        else
            std::fprintf(file, "%s\"%s\"", i ? ", " : "",
                         perfvec_glue::jsonEscape(name).c_str());
    }
    std::fputs(csv ? "\n" : "], \"intervals\": [", file);
}

PerfVecIntervals::~PerfVecIntervals()
{
    if (file) {
        std::fclose(file);
        std::remove(temporary.c_str());
    }
}

void
PerfVecIntervals::add(const perfvec_interval &interval)
{
    if (!file)
        return;
    const auto estimates = table.estimate(interval);
    const std::string numbers[] = {
        std::to_string(interval.index), std::to_string(interval.first),
        std::to_string(interval.retirements), std::to_string(interval.measured)};
    const char *const names[] = {
        "{\"interval\": ", ", \"first\": ", ", \"retired\": ", ", \"measured\": "};
    std::string line = csv ? "" : any ? ",\n" : "\n";
    for (int i = 0; i < 4; ++i)
        line += (csv ? (i ? "," : "") : names[i]) + numbers[i];
    line += csv ? "" : ", \"cycles\": [";
    for (std::size_t i = 0; i < estimates.size(); ++i) {
        char cycles[32];
        std::snprintf(cycles, sizeof cycles, "%.6g", estimates[i].cycles);
        line += std::string(csv ? "," : i ? ", " : "") + cycles;
    }
    line += csv ? "\n" : "]}";
    std::fputs(line.c_str(), file);
    any = true;
}

std::string
PerfVecIntervals::finish()
{
    if (!file)
        return error;
    if (!csv)
        std::fputs("\n]}\n", file);
    if (std::ferror(file))
        fail("cannot write: is the disk full?");
    if (std::fclose(file) != 0)
        fail(std::string("cannot write: ") + std::strerror(errno));
    file = nullptr;
    if (!error.empty())
        std::remove(temporary.c_str());
    else if (std::rename(temporary.c_str(), path.c_str()) != 0)
        fail(std::string("cannot rename: ") + std::strerror(errno));
    return error;
}

void
PerfVecIntervals::fail(const std::string &what)
{
    if (error.empty())
        error = path + ": " + what;
}

} // namespace gem5
