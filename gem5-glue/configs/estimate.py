"""Estimate a program's cycles on many cores in one run of a CPU model without timing.

    gem5.opt estimate.py [options] -- BINARY [ARGUMENT ...]

Runs a RISC-V program in system-call emulation. The estimates are in stats.txt, under
system.cpu.tracer: a group per core of the microarch table. --every dumps them as the run goes on.
"""

import argparse

import m5
from m5.objects import (
    AddrRange,
    PerfVec,
    PerfVecTotal,
    Process,
    RiscvAtomicSimpleCPU,
    RiscvMinorCPU,
    RiscvO3CPU,
    RiscvTimingSimpleCPU,
    Root,
    SEWorkload,
    SimpleMemory,
    SrcClockDomain,
    System,
    SystemXBar,
    VoltageDomain,
)

CPUS = {
    "atomic": RiscvAtomicSimpleCPU,
    "timing": RiscvTimingSimpleCPU,
    "minor": RiscvMinorCPU,
    "o3": RiscvO3CPU,
}


def place(text):
    """PC[:COUNT], as `perfvec run --from` has it."""
    pc, _, count = text.partition(":")
    return int(pc, 0), int(count or 1)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpu", choices=CPUS, default="atomic")
    parser.add_argument("--cpus", type=int, default=1, help="so many CPUs, each runs BINARY")
    parser.add_argument("--model", default="", help="foundation model, or list of cores")
    parser.add_argument("--microarchs", default="", help="microarch table")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sampling", default="full", help="full, rate, target, overhead")
    parser.add_argument("--period", type=int, default=0, help="rate: retirements per unit")
    parser.add_argument("--error", type=float, default=0.01, help="target: relative half width")
    parser.add_argument("--overhead", type=float, default=0.1, help="overhead: share of time")
    parser.add_argument("--warming", type=int, default=2**63 - 1,
                        help="sampled: retirements before each unit that update the features")
    parser.add_argument("--interval", type=int, default=0, help="retirements per interval")
    parser.add_argument("--intervals", default="", help="write the interval series here")
    parser.add_argument("--work-items", action="store_true", help="only m5_work_begin to _end")
    parser.add_argument("--skip", type=int, default=0, help="begin after N retirements")
    parser.add_argument("--first", type=int, default=0, help="end after N retirements")
    parser.add_argument("--from", dest="begin", type=place, default=(0, 1), metavar="PC[:COUNT]",
                        help="begin where this instruction retires")
    parser.add_argument("--until", type=place, default=(0, 1), metavar="PC[:COUNT]",
                        help="end before it retires")
    parser.add_argument("--markers", action="store_true",
                        help="only between slti x0, x0, 0x501 and 0x502")
    parser.add_argument("--every", type=int, default=0, help="dump statistics every N")
    parser.add_argument("--reset", action="store_true", help="and reset them")
    parser.add_argument("--max", type=int, default=0, help="stop after N retirements")
    parser.add_argument("--instructions", type=int, default=0, help="stop the CPUs after N")
    parser.add_argument("--record", default="", help="also write the stream to this trace, with "
                        "the cycles of a CPU that has timing")
    parser.add_argument("--calibrate", default="", help="fit the core \"calibrated\" to the CPU, "
                        "which has timing, and write it to this microarch table; needs --interval")
    parser.add_argument("--checkpoint", default="", help="write one here, at --max")
    parser.add_argument("--show", nargs="*", default=[], help="print the cycles on these cores")
    parser.add_argument("--fork", action="store_true", help="go on twice from --max on")
    parser.add_argument("--plain", action="store_true", help="without the tracer, to compare")
    parser.add_argument("--restore", default="", help="start from this checkpoint")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


options = parse()
system = System(
    clk_domain=SrcClockDomain(clock="1GHz", voltage_domain=VoltageDomain()),
    mem_mode=CPUS[options.cpu].memory_mode(), mem_ranges=[AddrRange("512MiB")])
system.workload = SEWorkload.init_compatible(options.command[0])
tracers = [] if options.plain else [
    PerfVec(
        model=options.model, microarchs=options.microarchs, threads=options.threads,
        sampling=options.sampling, sampling_period=options.period, sampling_error=options.error,
        sampling_overhead=options.overhead, sampling_warming=options.warming, interval=options.interval,
        intervals=options.intervals, work_items=options.work_items, forks=options.fork,
        from_pc=options.begin[0], from_count=options.begin[1], skip=options.skip,
        first=options.first, until_pc=options.until[0], until_count=options.until[1],
        markers=options.markers, record=options.record, exit_every=options.every, calibrate=options.calibrate,
        microarch="calibrated" if options.calibrate else "",
        exit_at=[options.max] if options.max else [])
    for _ in range(options.cpus)
]
system.cpu = [CPUS[options.cpu](cpu_id=i, max_insts_any_thread=options.instructions) for i in range(options.cpus)]
for cpu, tracer in zip(system.cpu, tracers):
    cpu.tracer = tracer
if len(tracers) > 1:
    system.totals = PerfVecTotal(tracers=tracers)
for i, cpu in enumerate(system.cpu):
    cpu.workload = Process(cmd=options.command, pid=100 + i)
    cpu.createThreads()
    cpu.createInterruptController()
system.membus = SystemXBar()
for cpu in system.cpu:
    cpu.connectBus(system.membus)
system.memory = SimpleMemory(range=system.mem_ranges[0])
system.memory.port = system.membus.mem_side_ports
system.system_port = system.membus.cpu_side_ports
root = Root(full_system=False, system=system)
m5.disableAllListeners()
m5.instantiate(options.restore or None)

while True:
    event = m5.simulate()
    if event.getCause() == "perfvec interval":
        m5.stats.dump()  # or decide, on tracers[0].estimatedCycles("name"), that enough was seen
        if options.reset:
            m5.stats.reset()
    elif event.getCause() == "perfvec mark" and options.fork:
        m5.fork()  # the child writes to OUTDIR.f0
    else:
        break
if options.checkpoint:
    m5.checkpoint(options.checkpoint)
for tracer in tracers:
    print(f"{tracer}: {tracer.retired()} instructions retired; {event.getCause()}")
    for name in options.show:
        print(f"{name}: {tracer.estimatedCycles(name)!r} cycles since the program started")
