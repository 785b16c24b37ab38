"""One program on one core, with a part of the core made ideal; see tests/gem5/ideal.py.

    gem5.opt --path=gem5-glue/configs run.py CORE IDEAL SKIP LIMIT OUTCOMES BINARY [ARGUMENT ...]

The atomic CPU runs the first SKIP retirements and warms caches and predictor, the core those up to
LIMIT. Prints "taken CYCLES estimated CYCLES" for the latter; the parts of the estimate are in stats.txt.
"""

import sys

import m5
import microarchs  # of gem5-glue/configs
import system as systems
from m5.objects import OraclePredictor, PerfVec, Process, Root

# As far as gem5 goes (its MaxWidth is 12) and machines have parameters.
IDEALS = {
    "none": {},
    "fetch": {"l1i_kib": 1024, "l1i_assoc": 16, "l1i_latency": 1, "fetch_bytes": 64,
              "fetch_width": 10, "fetch_queue": 64},
    "branch": {"btb_log2": 16, "ras": 64, "indirect_log2": 12},
    "dependence": {"int_mul_latency": 1, "int_div_latency": 1, "fp_add_latency": 1,
                   "fp_mul_latency": 1, "fp_div_latency": 1, "fma_extra_latency": 0},
    "ports": {"int_alus": 12, "int_muls": 8, "fp_units": 8, "load_ports": 8, "store_ports": 8,
              "issue_width": 12, "writeback_width": 12},
    "window": {"rob": 1024, "iq": 512, "lq": 256, "int_regs": 1200, "fp_regs": 1200},
    "L1": {"l1d_latency": 1},
    "L2, L3, memory": {"l1d_kib": 1024, "l1d_assoc": 16, "l2_latency": 1, "l3_kib": 0,
                       "memory": "SimpleMemory", "memory_latency_ns": 0, "memory_gib_s": 465},
    "memory": {"memory": "SimpleMemory", "memory_latency_ns": 0, "memory_gib_s": 465},
    "store": {"sq": 256, "store_ports": 8, "store_sets_log2": 14},
}
# Stores wait for the same memory, and so do their queues.
IDEALS["beyond L1, store"] = IDEALS["L2, L3, memory"] | IDEALS["store"]

name, ideal, skip, limit, outcomes, *command = sys.argv[1:]
core = {core["name"]: core for core in microarchs.all_cores()}[name] | IDEALS.get(ideal, {})
tracer = PerfVec(model="" if ideal in ("learn", "branch") else "self",
                 estimate=ideal not in ("learn", "branch"), exit_at=[int(skip), int(limit)])
system, atomic, timing = systems.build(
    core, Process(cmd=command, pid=100), tracer, command[0],
    "atomic")
if ideal in ("learn", "branch"):
    known = timing.branchPred
    oracle = OraclePredictor(
        outcomes=outcomes, learn=ideal == "learn", instShiftAmt=1, btb=known.btb, ras=known.ras,
        indirectBranchPred=known.indirectBranchPred)
    atomic.branchPred = oracle
    timing.branchPred = oracle
root = Root(full_system=False, system=system)
m5.instantiate()


def estimated():
    return 0 if ideal in ("learn", "branch") else tracer.estimatedCycles(timing.path())


m5.simulate()
if ideal != "learn":
    m5.switchCpus(system, [(atomic, timing)])
m5.stats.reset()
before = estimated(), tracer.observedCycles()
m5.simulate()
print(f"taken {tracer.observedCycles() - before[1]} estimated {estimated() - before[0]:.0f}")
