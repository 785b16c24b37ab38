#include "perfvec_estimate.hh"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/logging.hh"
#include "params/PerfVec.hh"

namespace gem5
{

namespace
{

std::uint32_t
samplingMode(const PerfVecParams &params)
{
    static const struct { const char *name; std::uint32_t mode; } MODES[] = {
        {"full", PERFVEC_SAMPLING_FULL},
        {"rate", PERFVEC_SAMPLING_FIXED_RATE},
        {"target", PERFVEC_SAMPLING_TARGET_ERROR},
        {"overhead", PERFVEC_SAMPLING_TARGET_OVERHEAD},
    };
    for (const auto &known : MODES) {
        if (params.sampling == known.name)
            return known.mode;
    }
    fatal("%s: sampling is \"%s\": use full, rate, target or overhead\n", params.name,
          params.sampling);
}

} // anonymous namespace

PerfVecEstimate::PerfVecEstimate(statistics::Group *parent, const PerfVecParams &params)
    : Group(parent), params(params),
      ADD_STAT(retired, statistics::units::Count::get(), "Instructions retired"),
      ADD_STAT(measured, statistics::units::Count::get(),
               "Of these, instructions that went through the model"),
      ADD_STAT(pending, statistics::units::Count::get(),
               "Retired instructions that the estimates do not hold yet"),
      ADD_STAT(units, statistics::units::Count::get(), "Sampling units measured"),
      ADD_STAT(oodScore, statistics::units::Ratio::get(),
               "Distance of the program from what the model was trained on; above 1, do not "
               "trust the estimates")
{
    samplingMode(params); // to complain early
    const auto path = [](const std::string &name) {
        return name.empty() ? nullptr : name.c_str();
    };
    check(perfvec_model_load(path(params.model), PERFVEC_BACKEND_AUTO, &model), "model");
    check(perfvec_microarchs_load(path(params.microarchs), &table), "microarchs");
    // Under the tracer itself: gem5 loses groups within a group that was merged into it.
    cores = PerfVecCoreStats::ofTable(parent, table);
    if (!params.calibrate.empty())
        checkCalibrate();
    if (!params.intervals.empty()) {
        fatal_if(params.interval == 0, "%s: intervals needs interval, the retirements of one\n",
                 params.name);
        series = std::make_unique<PerfVecIntervals>(params.intervals, table);
        fatal_if(!series->failure().empty(), "%s: %s\n", params.name, series->failure());
    }
}

PerfVecEstimate::~PerfVecEstimate()
{
    perfvec_calibrator_free(calibrator);
    perfvec_session_destroy(session);
    perfvec_microarchs_free(table);
    perfvec_model_free(model);
}

void
PerfVecEstimate::check(perfvec_status status, const char *what) const
{
    if (status == PERFVEC_OK)
        return;
    const char *text = session ? perfvec_session_last_error(session) : nullptr;
    fatal("%s: %s: %s\n", params.name, what, text && *text ? text : perfvec_last_error());
}

void
PerfVecEstimate::checkCalibrate() const
{
    fatal_if(params.interval == 0, "%s: calibrate needs interval, the retirements that one "
             "equation is made of: 1000 is a good choice\n", params.name);
    fatal_if(params.microarch.empty(), "%s: calibrate needs microarch, the name of the core in "
             "the table written\n", params.name);
    const std::string probe = params.calibrate + ".part";
    std::FILE *const file = std::fopen(probe.c_str(), "w");
    fatal_if(!file, "%s: calibrate: cannot write %s: %s\n", params.name, params.calibrate,
             std::strerror(errno));
    std::fclose(file);
    std::remove(probe.c_str());
}

std::string
PerfVecEstimate::modelId() const
{
    perfvec_model_info info = {};
    info.struct_size = sizeof(info);
    check(perfvec_model_get_info(model, &info), "model");
    return info.id;
}

void
PerfVecEstimate::createSession()
{
    perfvec_config config;
    check(perfvec_config_init(&config, sizeof config), "settings");
    config.threads = params.threads;
    config.interval = params.interval;
    config.sampling = samplingMode(params);
    config.half_width = params.sampling_error;
    config.targets = table;
    config.overhead = params.sampling_overhead;
    config.seed = params.seed;
    config.warming = params.sampling_warming;
    config.start_outside_region = params.work_items;
    if (params.sampling_unit)
        config.unit = params.sampling_unit;
    if (params.sampling_period)
        config.period = params.sampling_period;
    check(perfvec_session_create(model, &config, &session), "session");
    estimates(); // to complain early of a table of another model
    if (calibrator)
        check(perfvec_session_attach_calibrator(session, calibrator), "calibrate");
    if (series)
        check(series->attach(session), "intervals");
}

void
PerfVecEstimate::open(std::uint32_t isa)
{
    if (session)
        return;
    if (!params.calibrate.empty()) {
        check(perfvec_calibrator_create(model, table, &calibrator), "calibrate");
    }
    createSession();
}

std::uint32_t
PerfVecEstimate::intern(std::uint32_t isa, std::uint64_t pc, const std::uint8_t *bytes,
                        std::size_t size)
{
    std::uint32_t id = 0;
    check(perfvec_session_intern_encoding(session, isa, pc, bytes, size, &id), "intern");
    return id;
}

std::uint32_t
PerfVecEstimate::intern(const perfvec_static_inst &inst)
{
    std::uint32_t id = 0;
    check(perfvec_session_intern(session, &inst, &id), "intern");
    return id;
}

void
PerfVecEstimate::flush()
{
    if (filled != 0)
        check(perfvec_session_retire_many(session, batch.data(), filled), "retire");
    filled = 0;
}

void
PerfVecEstimate::retireTimed(const perfvec_retirement &retirement, std::uint64_t cycles)
{
    const std::uint32_t fits = cycles < UINT32_MAX ? cycles : UINT32_MAX;
    check(perfvec_session_retire_timed(session, &retirement, fits), "retire");
}

void
PerfVecEstimate::sync()
{
    if (!session)
        return;
    flush();
    check(perfvec_session_sync(session), "sync");
}

void
PerfVecEstimate::regionBegin()
{
    flush();
    check(perfvec_session_region_begin(session), "region begin");
}

void
PerfVecEstimate::regionEnd()
{
    flush();
    check(perfvec_session_region_end(session), "region end");
}

void
PerfVecEstimate::finish(double clockHz)
{
    if (!session)
        return;
    flush();
    check(perfvec_session_finish(session), "finish");
    if (series) {
        const std::string error = series->finish();
        fatal_if(!error.empty(), "%s: %s\n", params.name, error);
    }
    if (!calibrator)
        return;
    perfvec_fit fit = {};
    fit.struct_size = sizeof(fit);
    perfvec_microarchs *fitted = nullptr;
    check(perfvec_microarchs_new(model, &fitted), "calibrate");
    fatal_if(perfvec_calibrator_solve(calibrator, params.microarch.c_str(), clockHz, fitted,
                                      &fit) != PERFVEC_OK,
             "%s: calibrate: %s\n", params.name, perfvec_calibrator_last_error(calibrator));
    check(perfvec_microarchs_save(fitted, params.calibrate.c_str()), "calibrate");
    perfvec_estimate whole = {};
    check(perfvec_session_estimate(session, fitted, 0, &whole), "calibrate");
    fittedCycles = whole.cycles;
    fittedError = fit.held_out_error;
    perfvec_microarchs_free(fitted);
    inform("%s: calibrated \"%s\" on %d retirements in %d intervals: fit error %.2f%%, on held "
           "out intervals %.2f%%; written to %s\n", params.name, params.microarch,
           fit.retirements, fit.intervals, 100 * fit.fit_error, 100 * fit.held_out_error,
           params.calibrate);
}

void
PerfVecEstimate::keepSnapshot()
{
    if (!session)
        return;
    flush();
    std::size_t size = 0;
    check(perfvec_session_snapshot_size(session, &size), "snapshot");
    kept.resize(size);
    check(perfvec_session_snapshot(session, kept.data(), kept.size(), &size), "snapshot");
    kept.resize(size);
}

void
PerfVecEstimate::notifyFork()
{
    if (!session)
        return;
    fatal_if(kept.empty(), "%s: the simulator forked, but a session's threads stay behind in the "
             "parent: set `forks = True` to have the session rebuilt\n", params.name);
    fatal_if(calibrator || series, "%s: a calibration or an interval series cannot go on in a "
             "forked simulator\n", params.name);
    // The parent's handle is of no use here, not even to destroy.
    session = nullptr;
    createSession();
    check(perfvec_session_restore(session, kept.data(), kept.size()), "restore");
}

void
PerfVecEstimate::serialize(CheckpointOut &cp, const std::string &tracer)
{
    const bool saved = session != nullptr;
    paramOut(cp, "perfvecSession", saved);
    if (!saved)
        return;
    fatal_if(calibrator, "%s: a calibration cannot be checkpointed: finish it first\n",
             params.name);
    flush();
    const std::string file = tracer + ".perfvec";
    paramOut(cp, "perfvecModel", modelId());
    paramOut(cp, "perfvecSnapshot", file);
    check(perfvec_session_snapshot_file(session, (CheckpointIn::dir() + file).c_str()),
          "checkpoint");
}

void
PerfVecEstimate::unserialize(CheckpointIn &cp, const std::string &tracer)
{
    bool saved = false;
    // A checkpoint taken without a tracer says nothing: the estimates start where it ends.
    if (!optParamIn(cp, "perfvecSession", saved, false) || !saved)
        return;
    std::string id, file;
    paramIn(cp, "perfvecModel", id);
    paramIn(cp, "perfvecSnapshot", file);
    fatal_if(id != modelId(), "%s: the checkpoint was taken with model %s, but this is model %s: "
             "load the other model, or take the checkpoint again\n", params.name, id, modelId());
    createSession();
    check(perfvec_session_restore_file(session, (cp.getCptDir() + "/" + file).c_str()),
          "checkpoint");
}

perfvec_counts
PerfVecEstimate::counts() const
{
    perfvec_counts now = {};
    now.struct_size = sizeof(now);
    check(perfvec_session_counts(session, &now), "counts");
    return now;
}

std::vector<perfvec_estimate>
PerfVecEstimate::estimates()
{
    std::vector<perfvec_estimate> values(cores.size());
    std::size_t count = 0;
    if (session) {
        check(perfvec_session_estimate_all(session, table, values.data(), values.size(), &count),
              "estimate");
    }
    return values;
}

double
PerfVecEstimate::calibratedCycles() const
{
    fatal_if(fittedCycles < 0, "%s: nothing is calibrated yet: set `calibrate` and call finish() "
             "first\n", params.name);
    return fittedCycles;
}

double
PerfVecEstimate::heldOutError() const
{
    calibratedCycles(); // fatal without a fit
    return fittedError;
}

double
PerfVecEstimate::cycles(const std::string &microarch)
{
    sync();
    const auto values = estimates();
    for (std::size_t i = 0; i < cores.size(); ++i) {
        perfvec_microarch_info info = {};
        info.struct_size = sizeof(info);
        check(perfvec_microarchs_get(table, i, &info), "microarchs");
        if (microarch == info.name)
            return values[i].cycles;
    }
    fatal("%s: no microarchitecture \"%s\" in the table\n", params.name, microarch);
}

void
PerfVecEstimate::preDumpStats()
{
    Group::preDumpStats();
    if (!session)
        return;
    sync();
    const perfvec_counts now = counts();
    const double since = now.retired - baseCounts.retired;
    retired = since;
    measured = now.measured - baseCounts.measured;
    pending = now.pending;
    units = now.units - baseCounts.units;
    double score = 0;
    // Not every table knows what its model was trained on.
    const bool known = perfvec_session_ood_score(session, table, &score) == PERFVEC_OK;
    oodScore = known ? score : std::nan("");
    const auto values = estimates();
    for (std::size_t i = 0; i < cores.size(); ++i)
        cores[i]->show(values[i], since);
}

void
PerfVecEstimate::resetStats()
{
    Group::resetStats();
    if (!session)
        return;
    sync();
    baseCounts = counts();
    const auto values = estimates();
    for (std::size_t i = 0; i < cores.size(); ++i)
        cores[i]->rebase(values[i]);
}

} // namespace gem5
