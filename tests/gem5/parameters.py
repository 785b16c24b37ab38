"""A run whose tracer has the parameters given: parameters.py BINARY NAME=VALUE ..."""

import ast
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

system = System(
    clk_domain=SrcClockDomain(clock="1GHz", voltage_domain=VoltageDomain()),
    mem_mode="atomic", mem_ranges=[AddrRange("512MiB")])
system.workload = SEWorkload.init_compatible(sys.argv[1])
system.cpu = RiscvAtomicSimpleCPU()
parameters = (argument.split("=", 1) for argument in sys.argv[2:])
system.cpu.tracer = PerfVec(**{name: ast.literal_eval(value) for name, value in parameters})
system.cpu.workload = Process(cmd=[sys.argv[1]])
system.cpu.createThreads()
system.cpu.createInterruptController()
system.membus = SystemXBar()
system.cpu.connectBus(system.membus)
system.memory = SimpleMemory(range=system.mem_ranges[0])
system.memory.port = system.membus.mem_side_ports
system.system_port = system.membus.cpu_side_ports
root = Root(full_system=False, system=system)
m5.instantiate()
print(m5.simulate().getCause())
