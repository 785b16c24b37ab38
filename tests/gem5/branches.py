"""Run a program on gem5's atomic CPU with a branch predictor, and record its stream.

    gem5.opt --path=gem5-glue/configs branches.py PREDICTOR RECORD INSTRUCTIONS BINARY [ARGUMENT ...]

PREDICTOR is a name of gem5-glue/configs/microarchs.py; RECORD is a trace (.pvt), or "" for none.
The predictor's sizes are those of benches/predictors.rs.
"""

import sys

import m5
from m5.objects import (
    AddrRange,
    PerfVec,
    Process,
    RiscvAtomicSimpleCPU,
    Root,
    SEWorkload,
    SimpleMemory,
    SrcClockDomain,
    System,
    SystemXBar,
    VoltageDomain,
)
from system import predictor  # of gem5-glue/configs

kind, record, instructions, *command = sys.argv[1:]
core = {"predictor": kind, "predictor_log2": 12, "btb_log2": 12, "ras": 16, "indirect_log2": 7}
system = System(
    clk_domain=SrcClockDomain(clock="1GHz", voltage_domain=VoltageDomain()), mem_mode="atomic",
    mem_ranges=[AddrRange("512MiB")])
system.workload = SEWorkload.init_compatible(command[0])
system.cpu = RiscvAtomicSimpleCPU(max_insts_any_thread=int(instructions))
system.cpu.branchPred = predictor(core)
if record:
    system.cpu.tracer = PerfVec(record=record)
system.cpu.workload = Process(cmd=command)
system.cpu.createThreads()
system.cpu.createInterruptController()
system.membus = SystemXBar()
system.cpu.connectBus(system.membus)
system.memory = SimpleMemory(range=system.mem_ranges[0])
system.memory.port = system.membus.mem_side_ports
system.system_port = system.membus.cpu_side_ports
root = Root(full_system=False, system=system)
m5.disableAllListeners()
m5.instantiate()
m5.simulate()
