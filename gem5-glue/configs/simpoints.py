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

Checkpoints carry the pieces to other machines, and serve any core:

    gem5.opt simpoints.py --points points --interval 100000 --take FOLDER -- BINARY [ARGUMENT ...]
    gem5.opt simpoints.py --points points --interval 100000 --core cortex-a72-like \\
        --restore FOLDER --cycles pieces.csv -- BINARY [ARGUMENT ...]

They hold no caches and no branch predictor: each is taken --warm retirements before the core takes
over, for which the atomic CPU warms them. --only N runs the piece of interval N alone, as a job of
its own; the files that such jobs write may be put together with cat.

--whole runs all on the detailed core instead and gives the cycles of every interval, to judge a
choice of points by.
"""

import argparse
import fcntl
import hashlib
import json
import os
import sys

import m5
from m5.objects import PerfVec, Process, Root
from m5.util import fatal

import microarchs
import system as systems


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", default="", metavar="PREFIX", help="of PREFIX.simpts")
    parser.add_argument("--whole", action="store_true", help="every interval, without points")
    parser.add_argument("--interval", type=int, required=True, help="retirements per interval")
    parser.add_argument("--core", help="one of microarchs.py")
    parser.add_argument("--settle", type=int, default=10_000,
                        help="retirements on the core before each piece")
    parser.add_argument("--take", default="", metavar="FOLDER", help="write checkpoints there")
    parser.add_argument("--warm", type=int, default=1_000_000,
                        help="with --take: retirements of the atomic CPU from each checkpoint on, "
                        "before the core takes over")
    parser.add_argument("--restore", default="", metavar="FOLDER", help="start from checkpoints")
    parser.add_argument("--only", type=int, nargs="*", default=[], metavar="N",
                        help="of the points only these intervals")
    parser.add_argument("--jobs", type=int, default=1, help="pieces that run at a time")
    parser.add_argument("--cycles", default="", metavar="FILE", help="write cycles here (.csv)")
    parser.add_argument("--record", default="", help="with --whole: also write this trace")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.whole == bool(options.points):
        parser.error("give --points PREFIX, or --whole")
    if options.interval < 1 or min(options.settle, options.warm) < 0 or options.jobs < 1:
        parser.error("--interval and --jobs are at least 1, --settle and --warm at least 0")
    if options.take and (options.whole or options.restore or options.cycles):
        parser.error("--take only writes checkpoints: leave out --whole, --restore and --cycles")
    if options.restore and options.whole:
        parser.error("--restore is for points, not for --whole")
    if not options.take and not (options.core and options.cycles):
        parser.error("give --core and --cycles, or --take FOLDER")
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
    for number in options.only:
        if number not in points:
            fatal("--only %d: no point of %s, which has %s", number, path,
                  ", ".join(map(str, sorted(points))))
    return sorted(set(options.only or points))


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


def start(point, fork, prepare):
    """Forks for one piece: process and where its result will come from."""
    reader, writer = os.pipe()
    child = fork()
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        prepare()
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


def reach(point, place):
    if not advance(place):
        fatal("the program ended after %d retirements, before interval %d: the points are of "
              "another program, or of another --interval", tracer.retired(), point)


def run_pieces(start_piece):
    rows, running = [], []
    for point in points:
        if len(running) == options.jobs:
            rows.append(finish(*running.pop(0)))
        running.append(start_piece(point))
    return rows + [finish(*other) for other in running]


def from_here(point):
    """Starts a piece from where the program is."""
    reach(point, start_of(point))
    return start(point, lambda: m5.fork(simout=os.path.join("%(parent)s", f"piece.{point}")),
                 own_files)


def folder_of(point):
    return os.path.join(options.restore or options.take, f"interval.{point}")


def from_checkpoint(point):
    """Starts a piece from its checkpoint: a simulator of its own, for one can restore only once."""
    def prepare():
        m5.options.outdir = os.path.join(m5.options.outdir, f"piece.{point}")
        m5.core.setOutputDir(m5.options.outdir)
        m5.instantiate(folder_of(point))
        own_files()
        m5.simulate(0)  # CPUs start up here: they cannot be switched before
        reach(point, start_of(point))

    sys.stdout.flush()
    return start(point, os.fork, prepare)


def take_checkpoints():
    """Checkpoints, and what they are of: nobody shall run another program from them."""
    for point in points:
        reach(point, checkpoint_of(point))
        m5.checkpoint(folder_of(point))
    with open(about_path(options.take) + ".part", "w") as file:
        json.dump(about() | {"warm": options.warm, "settle": options.settle}, file)
    os.replace(about_path(options.take) + ".part", about_path(options.take))


def about():
    with open(options.command[0], "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {"program": digest, "arguments": options.command[1:], "interval": options.interval}


def about_path(folder):
    return os.path.join(folder, "points.json")


def check_checkpoints():
    """That the checkpoints are of this program and these points; takes over how long they warm."""
    path = about_path(options.restore)
    try:
        with open(path) as file:
            saved = json.load(file)
        options.settle, options.warm = saved["settle"], saved["warm"]
        for key, mine in about().items():
            if saved[key] != mine:
                fatal("%s: the checkpoints are of %s %s, not of %s: restore with what they were "
                      "taken of, or take them again with --take", path, key, saved[key], mine)
    except (OSError, ValueError, KeyError, TypeError) as error:
        fatal("%s: %s: give a FOLDER that --take wrote", path, error)
    for point in points:
        if not os.path.isfile(os.path.join(folder_of(point), "m5.cpt")):
            fatal("%s: no checkpoint of interval %d: take it with --take and these points",
                  folder_of(point), point)


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


def checkpoint_of(point):
    return max(1, start_of(point) - options.warm)


options = parse()
core = core_called(options.core or microarchs.all_cores()[0]["name"])
points = [] if options.whole else read_points(options.points + ".simpts")
if options.restore:
    check_checkpoints()
ends = [place for n in points for place in (n * options.interval, (n + 1) * options.interval)]
stops = [checkpoint_of(n) for n in points] if options.take else [start_of(n) for n in points] + ends
tracer = PerfVec(
    estimate=False, exit_at=sorted(set(stops) - {0}),
    exit_every=options.interval if options.whole else 0, record=options.record,
    microarch=options.core or "")
system, atomic, timing = systems.build(
    core, Process(cmd=options.command, pid=100), tracer, options.command[0],
    "timing" if options.whole else None if options.take else "atomic")
root = Root(full_system=False, system=system)
m5.disableAllListeners()
if options.restore:
    write_cycles(options.cycles, run_pieces(from_checkpoint))
else:
    m5.instantiate()
    if options.take:
        take_checkpoints()
    else:
        write_cycles(options.cycles, run_whole() if options.whole else run_pieces(from_here))
