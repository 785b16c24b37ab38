#include "perfvec_estimate.hh"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/logging.hh"
#include "base/output.hh"
#include "params/PerfVec.hh"
#include "perfvec_region.hh"
#include "perfvec_rules.hh"

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

/** "self" is the configuration that gem5 has just written. */
std::string
modelFile(const PerfVecParams &params)
{
    return params.model == "self" ? simout.directory() + "config.json" : params.model;
}

/** A list of cores is a model and its table in one. */
std::string
tableFile(const PerfVecParams &params)
{
    const std::string model = modelFile(params), onnx = ".onnx";
    const bool list = model.size() < onnx.size()
        || model.compare(model.size() - onnx.size(), onnx.size(), onnx) != 0;
    return params.microarchs.empty() && list ? model : params.microarchs;
}

perfvec::Model
loadModel(const PerfVecParams &params)
{
    const std::string rules = params.rules.empty() ? perfvecRulesOfThisGem5() : params.rules;
    orFatal(params.name, "rules", [&] { perfvec::set_rules(rules); });
    perfvec::Model model
        = orFatal(params.name, "model", [&] { return perfvec::Model(modelFile(params)); });
    try {
        const std::string notes = model.metadata("perfvec.notes");
        warn("%s: differs from this configuration:\n%s\n", params.name, notes);
    } catch (const perfvec::Error &) {
        // Cores that have a parameter for everything.
    }
    return model;
}

} // anonymous namespace

PerfVecEstimate::PerfVecEstimate(statistics::Group *parent, const PerfVecParams &params)
    : Group(parent), params(params), tracerName(params.name),
      model(loadModel(params)), isCores(model.is_cores()),
      table(orFatal(params.name, "microarchs",
                    [&] { return perfvec::Microarchs(tableFile(params)); })),
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
    fatal_if(params.work_items && perfvec_glue::hasRegion(params), "%s: work_items and a region "
             "(from_pc, skip, first, until_pc, markers) exclude each other\n", name());
    // Under the tracer itself: gem5 loses groups within a group that was merged into it.
    cores = PerfVecCoreStats::ofTable(parent, table, isCores);
    if (!params.calibrate.empty())
        checkCalibrate();
    if (!params.intervals.empty()) {
        fatal_if(params.interval == 0, "%s: intervals needs interval, the retirements of one\n",
                 name());
        series = std::make_unique<PerfVecIntervals>(params.intervals, table);
        fatal_if(!series->failure().empty(), "%s: %s\n", name(), series->failure());
    }
}

void
PerfVecEstimate::checkCalibrate() const
{
    fatal_if(params.interval == 0, "%s: calibrate needs interval, the retirements that one "
             "equation is made of: 1000 is a good choice\n", name());
    fatal_if(params.microarch.empty(), "%s: calibrate needs microarch, the name of the core in "
             "the table written\n", name());
    const std::string probe = params.calibrate + ".part";
    std::FILE *const file = std::fopen(probe.c_str(), "w");
    fatal_if(!file, "%s: calibrate: cannot write %s: %s\n", name(), params.calibrate,
             std::strerror(errno));
    std::fclose(file);
    std::remove(probe.c_str());
}

void
PerfVecEstimate::createSession()
{
    perfvec::Config config;
    config.threads = params.threads;
    config.interval = params.interval;
    config.sampling = samplingMode(params);
    config.half_width = params.sampling_error;
    config.targets = table.get();
    config.overhead = params.sampling_overhead;
    config.seed = params.seed;
    config.warming = params.sampling_warming;
    config.start_outside_region = params.work_items;
    config.period = params.sampling_period;
    orFatal(name(), "session", [&] {
        session.emplace(model, config);
        session->set_region(perfvec_glue::regionOf(params));
        session->estimate(table); // to complain early of a table of another model
        if (calibrator)
            session->attach(*calibrator);
        if (series)
            session->on_interval([this](const perfvec_interval &i) { series->add(i); });
    });
}

void
PerfVecEstimate::open(std::uint32_t isa)
{
    if (session)
        return;
    if (!params.calibrate.empty())
        orFatal(name(), "calibrate", [&] { calibrator.emplace(model, &table); });
    createSession();
}

void
PerfVecEstimate::flush()
{
    orFatal(name(), "retire", [&] { feed.flush(*session); });
}

void
PerfVecEstimate::sync()
{
    if (!session)
        return;
    flush();
    orFatal(name(), "sync", [&] { session->sync(); });
}

void
PerfVecEstimate::regionBegin()
{
    flush();
    orFatal(name(), "region begin", [&] { session->region_begin(); });
}

void
PerfVecEstimate::regionEnd()
{
    flush();
    orFatal(name(), "region end", [&] { session->region_end(); });
}

void
PerfVecEstimate::finish(double clockHz)
{
    if (!session)
        return;
    flush();
    orFatal(name(), "finish", [&] { session->finish(); });
    if (series) {
        const std::string error = series->finish();
        fatal_if(!error.empty(), "%s: %s\n", name(), error);
    }
    if (!calibrator)
        return;
    const perfvec_fit fit = orFatal(name(), "calibrate", [&] {
        perfvec::Microarchs fitted(model);
        const auto worth = calibrator->solve(params.microarch, clockHz, fitted);
        fitted.save(params.calibrate);
        fittedCycles = session->estimate(fitted, 0).cycles;
        return worth;
    });
    fittedError = fit.held_out_error;
    inform("%s: calibrated \"%s\" on %d retirements in %d intervals: fit error %.2f%%, on held "
           "out intervals %.2f%%; written to %s\n", name(), params.microarch,
           fit.retirements, fit.intervals, 100 * fit.fit_error, 100 * fit.held_out_error,
           params.calibrate);
}

void
PerfVecEstimate::keepSnapshot()
{
    if (!session)
        return;
    flush();
    kept = orFatal(name(), "snapshot", [&] { return session->snapshot(); });
}

void
PerfVecEstimate::notifyFork()
{
    if (!session)
        return;
    fatal_if(kept.empty(), "%s: the simulator forked, but a session's threads stay behind in the "
             "parent: set `forks = True` to have the session rebuilt\n", name());
    fatal_if(calibrator || series, "%s: a calibration or an interval series cannot continue in a "
             "forked simulator\n", name());
    createSession();
    orFatal(name(), "restore", [&] { session->restore(kept); });
}

void
PerfVecEstimate::serialize(CheckpointOut &cp, const std::string &tracer)
{
    const bool saved = session.has_value();
    paramOut(cp, "perfvecSession", saved);
    if (!saved)
        return;
    fatal_if(calibrator, "%s: a calibration cannot be checkpointed: finish it first\n", name());
    flush();
    const std::string file = tracer + ".perfvec";
    orFatal(name(), "checkpoint", [&] {
        paramOut(cp, "perfvecModel", std::string(model.info().id));
        paramOut(cp, "perfvecSnapshot", file);
        session->snapshot_file(CheckpointIn::dir() + file);
    });
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
    const std::string mine = orFatal(name(), "model", [&] { return model.info().id; });
    fatal_if(id != mine, "%s: the checkpoint was taken with model %s, but this is model %s: "
             "load the other model, or take the checkpoint again\n", name(), id, mine);
    createSession();
    orFatal(name(), "checkpoint", [&] { session->restore_file(cp.getCptDir() + "/" + file); });
}

perfvec_counts
PerfVecEstimate::counts() const
{
    return orFatal(name(), "counts", [&] { return session->counts(); });
}

std::vector<perfvec_estimate>
PerfVecEstimate::estimates() const
{
    if (!session)
        return std::vector<perfvec_estimate>(cores.size());
    return orFatal(name(), "estimate", [&] { return session->estimate(table); });
}

std::vector<PerfVecCauses>
PerfVecEstimate::causes() const
{
    if (!isCores || !session)
        return {};
    return orFatal(name(), "causes", [&] { return perfvecCauses(*session, table); });
}

double
PerfVecEstimate::calibratedCycles() const
{
    fatal_if(fittedCycles < 0, "%s: nothing is calibrated yet: set `calibrate` and call finish() "
             "first\n", name());
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
    const auto index = orFatal(name(), "microarchs", [&] { return table.find(microarch); });
    return estimates()[index].cycles;
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
    try {
        oodScore = session->ood_score(table);
    } catch (const perfvec::Error &) {
        oodScore = std::nan(""); // not every table knows what its model was trained on
    }
    const auto values = estimates();
    const auto why = causes();
    for (std::size_t i = 0; i < cores.size(); ++i)
        cores[i]->show(values[i], why.empty() ? nullptr : &why[i], since);
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
    const auto why = causes();
    for (std::size_t i = 0; i < cores.size(); ++i)
        cores[i]->rebase(values[i], why.empty() ? nullptr : &why[i]);
}

} // namespace gem5
