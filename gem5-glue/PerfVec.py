from m5.objects.InstTracer import InstTracer
from m5.params import *
from m5.SimObject import *


class PerfVec(InstTracer):
    """Reports every retirement of a CPU to libperfvec: `cpu.tracer = PerfVec(...)`.

    One PerfVec serves one hart. CPUs that take over from each other (switched CPUs) share one:
    `switch_cpu.tracer = cpu.tracer`.
    """

    type = "PerfVec"
    cxx_class = "gem5::PerfVec"
    cxx_header = "perfvec_tracer.hh"
    cxx_exports = [
        PyBindMethod("retired"),
        PyBindMethod("estimatedCycles"),
        PyBindMethod("calibratedCycles"),
        PyBindMethod("heldOutError"),
        PyBindMethod("observe"),
        PyBindMethod("observedRetired"),
        PyBindMethod("observedCycles"),
        PyBindMethod("regionBegin"),
        PyBindMethod("regionEnd"),
        PyBindMethod("finish"),
    ]

    # Estimates
    estimate = Param.Bool(True, "Estimate cycles while the CPU runs")
    model = Param.String(
        "",
        "Foundation model (.onnx) or list of cores (.toml, .json, \"cores\": the built-in"
        " list); \"self\": the O3 and Minor CPUs of this configuration with their"
        " caches and memory, each by its path; empty: the library's default model",
    )
    microarchs = Param.String(
        "",
        "Microarch table of a foundation model; empty: the library's default",
    )
    rules = Param.String(
        "",
        "Rules for a list of cores that states none: gem5, gem5-stock or textbook; empty: those"
        " of this gem5 (whether it has the bug in compressed branches, issue 1405)",
    )
    threads = Param.Unsigned(
        1, "Threads that evaluate the model; 0: the simulator's thread does"
    )
    interval = Param.Counter(0, "Retirements per interval; 0: no intervals")
    intervals = Param.String(
        "", "Write the estimates of each interval here (.json or .csv)"
    )
    sampling = Param.String(
        "full",
        "What is measured: full (everything), rate (one unit per sampling"
        " period), target (as many units as sampling_error needs) or"
        " overhead (as many as sampling_overhead leaves time for)",
    )
    sampling_period = Param.Counter(0, "Rate: the sampling period in retirements; 0: default")
    sampling_error = Param.Float(
        0.01,
        "Target: relative half width of the 95% interval on every core of the"
        " table, 0.0001 to 0.5",
    )
    sampling_overhead = Param.Float(
        0.1,
        "Overhead: time for measuring relative to the rest of the"
        " simulation, 0.001 to 10; results then depend on timing",
    )
    sampling_warming = Param.UInt64(
        2**63 - 1,
        "Retirements of functional warming before each unit; fewer are faster,"
        " with an error that the intervals do not include",
    )
    seed = Param.UInt64(0, "Seed of the positions of the units")
    work_items = Param.Bool(
        False,
        "Estimate only between m5_work_begin and m5_work_end (RISC-V; with"
        " other ISAs, call regionBegin() and regionEnd())",
    )

    # The region of interest, of estimates and of `record`, with the meaning of `perfvec run`'s options:
    # counted in retirements, so that it is the same in every host (book: What a stream is). A reset
    # of the statistics starts a new stream.
    from_pc = Param.Addr(
        0, "Begin at retirement number `from_count` of this instruction; 0: at once"
    )
    from_count = Param.Counter(1, "Counted from 1")
    skip = Param.Counter(0, "Begin this many retirements later")
    first = Param.Counter(0, "End after this many retirements; 0: no limit")
    until_pc = Param.Addr(
        0,
        "End before a retirement of this instruction, number `until_count` or"
        " later, that comes after the region began; 0: at the end",
    )
    until_count = Param.Counter(1, "Counted from 1, from the start of the run")
    markers = Param.Bool(
        False,
        "Instead: the region lies between slti x0, x0, 0x501 and 0x502",
    )
    forks = Param.Bool(
        False, "Keep a snapshot at each drain, from which a child of m5.fork continues"
    )
    calibrate = Param.String(
        "",
        "Fit the vector of `microarch` to the cycles of the timing CPU, and"
        " write it to this microarch table",
    )

    # Recording
    record = Param.String("", "Write the retirement stream to this trace, with the"
        " observed cycles of a timing CPU (`perfvec calibrate` reads them)")
    cycles = Param.String("", "Write the observed cycles to this file")
    hashes = Param.String("", "Write hashes of the stream to this file")
    windows = VectorParam.Counter(
        [],
        "Windows of `cycles`: first retirement and number of retirements of"
        " each. Empty: from start to end",
    )
    program = Param.String("", "Name of the program, for the files written")
    microarch = Param.String("", "Name of the core, for the files written")
    parameters = Param.String(
        "{}", "Parameters of the core as JSON, for the files written"
    )

    # Control
    exit_at = VectorParam.Counter(
        [],
        "Leave the simulation loop with cause 'perfvec mark' when this many"
        " instructions have retired; in ascending order",
    )
    exit_every = Param.Counter(
        0, "Leave it with cause 'perfvec interval' each time this many have retired"
    )


class PerfVecTotal(SimObject):
    """Adds up the estimates of several harts, as statistics: cycles and seconds are those of all
    harts together, cpi is over all their retirements. `system.totals = PerfVecTotal(tracers=[...])`
    """

    type = "PerfVecTotal"
    cxx_class = "gem5::PerfVecTotal"
    cxx_header = "perfvec_total.hh"

    tracers = VectorParam.PerfVec("Tracers with one model and table")
