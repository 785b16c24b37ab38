"""A run whose tracer has the parameters given: parameters.py [--unused] BINARY NAME=VALUE ...

With --unused no CPU reports to the tracer, as with CPUs that cannot be traced.
"""

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

arguments = sys.argv[1:]
unused = arguments[0] == "--unused"
binary, *settings = arguments[unused:]
system = System(
    clk_domain=SrcClockDomain(clock="1GHz", voltage_domain=VoltageDomain()),
    mem_mode="atomic", mem_ranges=[AddrRange("512MiB")])
system.workload = SEWorkload.init_compatible(binary)
system.cpu = RiscvAtomicSimpleCPU()
parameters = (setting.split("=", 1) for setting in settings)
holder = system if unused else system.cpu
holder.tracer = PerfVec(**{name: ast.literal_eval(value) for name, value in parameters})
system.cpu.workload = Process(cmd=[binary])
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
