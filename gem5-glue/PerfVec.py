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
    cxx_exports = [PyBindMethod("retired"), PyBindMethod("finish")]

    # Recording
    record = Param.String("", "Write the retirement stream to this trace")
    cycles = Param.String("", "Write the observed cycles to this file")
    hashes = Param.String("", "Write hashes of the stream to this file")
    windows = VectorParam.Counter(
        [],
        "Where `cycles` is to be taken: first retirement and number of"
        " retirements of each window. Empty: from start to end",
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
