"""The pieces of a program that stand for the whole, each on a detailed core.

    gem5.opt estimate.py --plain --record prog.pvt -- BINARY [ARGUMENT ...]
    perfvec simpoints --interval 100000 -o points prog.pvt
    gem5.opt simpoints.py --points points --interval 100000 --core cortex-a72-like \\
        --cycles pieces.csv -- BINARY [ARGUMENT ...]
    perfvec simpoints --interval 100000 --points points --cycles pieces.csv --on cortex-a72-like prog.pvt

points.simpts is a file of `perfvec simpoints`, or of SimPoint. An atomic CPU runs the program and keeps
caches and branch predictor of the core (microarchs.py) warm. Shortly before each point the
simulator forks, and the child runs the piece on the core: --settle retirements that fill its queues,
then the interval. pieces.csv has a line "interval,cycles,retirements" for each.

What a child prints goes nowhere. It reads on in the files that the program has open and cannot
write to them, so that neither the program nor the other pieces see it.

--whole runs all on the detailed core instead and gives the cycles of every interval, to judge a
choice of points by.
"""

import argparse
import fcntl
import json
import os
import sys

import m5
from m5.objects import PerfVec, Process, Root
from m5.util import fatal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import microarchs
import system as systems


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", default="", metavar="PREFIX", help="of PREFIX.simpts")
    parser.add_argument("--whole", action="store_true", help="every interval, without points")
    parser.add_argument("--interval", type=int, required=True, help="retirements per interval")
    parser.add_argument("--core", required=True, help="one of microarchs.py")
    parser.add_argument("--settle", type=int, default=10_000,
                        help="retirements on the core before each piece")
    parser.add_argument("--jobs", type=int, default=1, help="pieces that run at a time")
    parser.add_argument("--cycles", required=True, metavar="FILE", help="write cycles here (.csv)")
    parser.add_argument("--record", default="", help="with --whole: also write this trace")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.whole == bool(options.points):
        parser.error("give --points PREFIX, or --whole")
    if options.interval < 1 or options.settle < 0 or options.jobs < 1:
        parser.error("--interval and --jobs are at least 1, --settle at least 0")
    return options


def read_points(path):
    """The intervals of a .simpts file, in stream order."""
    points = []
    with open(path) as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if words and not (len(words) == 2 and words[0].isdigit()):
                fatal("%s: line %d: \"%s\" is not \"interval cluster\"; give a .simpts file of "
                      "SimPoint or of perfvec simpoints", path, number, line.strip())
            points += [int(words[0])] if words else []
    if not points:
        fatal("%s: no points", path)
    return sorted(set(points))


def core_called(name):
    cores = {core["name"]: core for core in microarchs.all_cores()}
    if name not in cores:
        fatal("--core %s: there are %s", name, ", ".join(cores))
    return cores[name]


def write_cycles(path, rows):
    """rows: (interval, ticks, retirements)."""
    period = round(1000 / core["clock_ghz"])  # in ps, gem5's tick
    with open(path + ".part", "w") as file:
        file.write("interval,cycles,retirements\n")
        file.writelines(f"{n},{ticks / period:.0f},{retired}\n" for n, ticks, retired in rows)
    os.replace(path + ".part", path)


def advance(place):
    """Runs until so many instructions have retired; whether the program got there."""
    while tracer.retired() < place:
        event = m5.simulate()
        if event.getCause() != "perfvec mark":
            return False
    return True


def own_files():
    """Gives a child of fork() places of its own in the files that the program reads, and nothing
    to write to: parent and child share both."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in map(int, os.listdir("/proc/self/fd")):
        path = f"/proc/self/fd/{fd}"
        if fd == sys.stderr.fileno() or not os.path.isfile(path):
            continue
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            os.dup2(nowhere, fd)
            continue
        own = os.open(path, os.O_RDONLY)
        os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(own, fd)
        os.close(own)
    os.dup2(nowhere, sys.stdout.fileno())


def piece(point):
    """In a child: one piece on the core."""
    begin = point * options.interval
    m5.switchCpus(system, [(atomic, timing)])
    advance(begin)
    ticks, retired = m5.curTick(), tracer.retired()
    advance(begin + options.interval)  # or to the end of the program, in its last interval
    if tracer.retired() == retired:
        raise RuntimeError("the program ended before it")
    return point, m5.curTick() - ticks, tracer.retired() - retired


def start(point):
    """Forks for one piece: process and where its result will come from."""
    reader, writer = os.pipe()
    child = m5.fork(simout=os.path.join("%(parent)s", f"piece.{point}"))
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        own_files()
        os.write(writer, json.dumps(piece(point)).encode())
        status = 0
    except Exception as error:
        print(f"interval {point}: {error}", file=sys.stderr)
    finally:
        # No exit handlers: they would write the parent's files.
        os._exit(status)


def finish(child, reader):
    with os.fdopen(reader) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1] or not text:
        fatal("a piece failed; what it said is above")
    return json.loads(text)


def run_pieces():
    rows, running = [], []
    for point in points:
        if not advance(start_of(point)):
            fatal("the program ended after %d retirements, before interval %d: the points are of "
                  "another program, or of another --interval", tracer.retired(), point)
        if len(running) == options.jobs:
            rows.append(finish(*running.pop(0)))
        running.append(start(point))
    return rows + [finish(*other) for other in running]


def run_whole():
    rows, before = [], (0, 0)
    while True:
        event = m5.simulate()
        now = (m5.curTick(), tracer.retired())
        if now[1] > before[1]:
            rows.append((len(rows), now[0] - before[0], now[1] - before[1]))
        before = now
        if event.getCause() != "perfvec interval":
            return rows


def start_of(point):
    # Not 0: a simulation forks only once it runs.
    return max(1, point * options.interval - options.settle)


options = parse()
core = core_called(options.core)
points = [] if options.whole else read_points(options.points + ".simpts")
ends = [place for n in points for place in (n * options.interval, (n + 1) * options.interval)]
tracer = PerfVec(
    estimate=False, exit_at=sorted({start_of(n) for n in points} | set(ends) - {0}),
    exit_every=options.interval if options.whole else 0, record=options.record,
    microarch=options.core)
system, atomic, timing = systems.build(
    core, Process(cmd=options.command, pid=100), tracer, options.command[0],
    "timing" if options.whole else "atomic")
root = Root(full_system=False, system=system)
m5.disableAllListeners()
m5.instantiate()
write_cycles(options.cycles, run_whole() if options.whole else run_pieces())
