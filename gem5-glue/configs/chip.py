"""Several programs at once, each on its own core of one chip.

    gem5.opt chip.py --core cortex-a72-like --skip 3000000 --first 250000 --cycles chip.csv \\
        -- "BINARY ARGUMENT ..." "BINARY ARGUMENT ..." ...

Every program has a core of microarchs.py with its private caches. They share the last level (the L3
where the core has one, else the L2) and the memory. Atomic CPUs run until one program has retired
--skip, and warm all caches and predictors; then all go on at once on detailed cores. chip.csv has a
line "program,skipped,cycles" for each: how many the atomic CPU ran, and how long the --first
retirements behind --skip and --settle took while the others ran on. With one program it is alone on
the chip.
"""

import argparse
import csv
import os
import shlex

import m5
from m5.objects import *
from m5.util import fatal

import microarchs
import system as systems


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--core", required=True, help="one of microarchs.py")
    parser.add_argument("--skip", type=int, required=True, help="retirements on the atomic CPU")
    parser.add_argument("--settle", type=int, default=100_000,
                        help="retirements on the core before those that are timed")
    parser.add_argument("--first", type=int, required=True, help="retirements that are timed")
    parser.add_argument("--cycles", required=True, metavar="FILE", help="write cycles here (.csv)")
    parser.add_argument("program", nargs="+", help="a binary and its arguments, as one word")
    options = parser.parse_args()
    if min(options.skip, options.settle, options.first) < 1:
        parser.error("--skip, --settle and --first are at least 1")
    return options


def last_level(core, clock):
    """The shared cache and the crossbar before it."""
    level = "l3" if core["l3_kib"] else "l2"
    if level == "l3":
        return systems.cache(core | {"l3_assoc": 16, "l3_mshrs": 64}, "l3", clock)
    return systems.cache(core, "l2", clock, prefetcher=second_prefetcher(core))


def second_prefetcher(core):
    return systems.prefetcher(core["l2_prefetcher"], core["l2_prefetch_degree"])


class Place(SubSystem):
    """One core with its private caches."""

    def __init__(self, number, core, command, clock, below):
        super().__init__()
        self.tracer = PerfVec(estimate=False, exit_at=[options.skip, BEGIN, END])
        process = Process(
            cmd=[os.path.basename(command[0])] + command[1:], executable=command[0],
            pid=100 + number, output=f"output.{number}")
        timing = (systems.o3 if core["kind"] == "o3" else systems.minor)(core)
        timing.branchPred = systems.predictor(core)
        atomic = RiscvAtomicSimpleCPU(branchPred=timing.branchPred)
        for cpu in (atomic, timing):
            cpu.clk_domain = clock
            cpu.workload = process
            cpu.cpu_id = number
            cpu.tracer = self.tracer
        atomic.createThreads()
        atomic.createInterruptController()
        timing.switched_out = True
        timing.isa = atomic.isa
        timing.createThreads()
        self.atomic, self.timing = atomic, timing

        self.l1i = systems.cache(core, "l1i", clock, is_read_only=True, writeback_clean=True)
        self.l1d = systems.cache(
            core, "l1d", clock,
            prefetcher=systems.prefetcher(core["l1d_prefetcher"], core["l1d_prefetch_degree"]))
        atomic.icache_port = self.l1i.cpu_side
        atomic.dcache_port = self.l1d.cpu_side
        if core["l3_kib"]:
            self.bus = L2XBar(clk_domain=clock)
            self.l2 = systems.cache(core, "l2", clock, prefetcher=second_prefetcher(core))
            self.l2.cpu_side = self.bus.mem_side_ports
            self.l2.mem_side = below.cpu_side_ports
            below = self.bus
        self.l1i.mem_side = below.cpu_side_ports
        self.l1d.mem_side = below.cpu_side_ports
        atomic.mmu.connectWalkerPorts(below.cpu_side_ports, below.cpu_side_ports)


def chip(core, commands):
    system = System(
        clk_domain=SrcClockDomain(clock=systems.SYSTEM_CLOCK, voltage_domain=VoltageDomain()),
        mem_ranges=[AddrRange(systems.MEMORY_SIZE)], mem_mode="atomic")
    clock = SrcClockDomain(clock=f"{core['clock_ghz']}GHz", voltage_domain=VoltageDomain())
    system.cpu_clk_domain = clock
    system.workload = SEWorkload.init_compatible(commands[0][0])
    system.membus = SystemXBar()
    system.shared_bus = L2XBar(clk_domain=clock)
    system.shared = last_level(core, clock)
    system.shared.cpu_side = system.shared_bus.mem_side_ports
    system.shared.mem_side = system.membus.cpu_side_ports
    system.system_port = system.membus.cpu_side_ports
    system.memory = systems.memory(core, system.mem_ranges[0], system.membus)
    system.places = [Place(number, core, command, clock, system.shared_bus)
                     for number, command in enumerate(commands)]
    return system


def reach(*stops):
    """Runs until every program has retired as many as each of `stops`: when each had, for each stop."""
    when = [{} for _ in stops]
    while True:
        for number, place in enumerate(system.places):
            for times, stop in zip(when, stops):
                if number not in times and place.tracer.retired() >= stop:
                    times[number] = m5.curTick()
        if len(when[-1]) == len(system.places):
            return when
        event = m5.simulate()
        if event.getCause() != "perfvec mark":
            fatal("the programs ended (%s) before %d retirements of each", event.getCause(), stops[-1])


def check_running():
    """That none ended before the others had done: it would have left the chip to them."""
    before = [place.tracer.retired() for place in system.places]
    m5.simulate(20 * 1000 * 1000)  # 20 us
    for place, retired, command in zip(system.places, before, commands):
        if place.tracer.retired() == retired:
            fatal("%s ended after %d retirements, before the others had done: give it more to do",
                  " ".join(command), retired)


options = parse()
BEGIN = options.skip + options.settle
END = BEGIN + options.first
named = {core["name"]: core for core in microarchs.all_cores()}
if options.core not in named:
    fatal("--core %s: there are %s", options.core, ", ".join(named))
core = named[options.core]
commands = [shlex.split(program) for program in options.program]
system = chip(core, commands)
root = Root(full_system=False, system=system)
m5.disableAllListeners()
m5.instantiate()
while all(place.tracer.retired() < options.skip for place in system.places):
    event = m5.simulate()
    if event.getCause() != "perfvec mark":
        fatal("the programs ended (%s) within --skip", event.getCause())
m5.switchCpus(system, [(place.atomic, place.timing) for place in system.places])
skipped = [place.tracer.retired() for place in system.places]
begins, ends = reach(BEGIN, END)
if len(commands) > 1:
    check_running()
period = round(1000 / core["clock_ghz"])  # in ps, gem5's tick
with open(options.cycles + ".part", "w") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["program", "skipped", "cycles"])
    for number, command in enumerate(commands):
        cycles = (ends[number] - begins[number]) / period
        out.writerow([shlex.join(command), skipped[number], round(cycles)])
os.replace(options.cycles + ".part", options.cycles)
