"""Record the data set that a foundation model is trained and judged on.

    perfvec-training record --gem5 build/RISCV/gem5.opt --workloads target/workloads --out DIR

Every program is recorded once as a stream (on a CPU model without timing), and timed on many
cores. The stream is the same on all of them, which the hashes in the files prove, so a core adds
only its cycles.

    OUT/cores.json                  the cores (gem5-glue/configs/microarchs.py)
    OUT/programs.json               the programs: length, windows
    OUT/streams/PROGRAM.pvt         retirement stream, from the start of the process to its end
    OUT/streams/PROGRAM.pvc         hashes of the stream, a block of 1000 retirements each
    OUT/cycles/PROGRAM/CORE.pvc     observed cycles (format: gem5-glue/perfvec_cycles.hh)
    OUT/failures.log                what failed, and where its log is

Programs of splits "train" and "valid" are timed in windows that are the same for every core, each on a
balanced random choice of the cores trained on; "test" programs from start to end (or --limit) on
some of those and on the unseen ones, which also get windows of a few training programs to be
calibrated on. Files that exist are not made again, so a run that was stopped goes on where it
was. Jobs are in an order that makes a part of the data set a fair sample of the whole.

Needs no package beyond Python's own.
"""

import argparse
import itertools
import json
import os
import queue
import random
import subprocess
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from perfvec_training import cycles, files
from perfvec_training.mistakes import Mistake, described, told

HERE = Path(__file__).resolve().parent
GLUE = HERE.parents[2] / "gem5-glue" / "configs"
BLOCK = 1000

Json = dict[str, Any]
# Kind ("stream", "windows" or "full"), program, core.
Job = tuple[str, str, str | None]


def choose_windows(name: str, total: int, options: Namespace) -> list[list[int]]:
    """Windows of one program: one at a random place in each of equal parts of its first `span`
    retirements, on block boundaries. A function of the name, so every core gets the same."""
    span = min(total, options.span) // BLOCK
    length = options.window // BLOCK
    parts = min(options.windows, span // length)
    if parts == 0:
        return [[0, span * BLOCK]]
    rng = random.Random(f"{options.seed}/windows/{name}")
    bounds = [span * i // parts for i in range(parts + 1)]
    return [
        [rng.randint(low, high - length) * BLOCK, options.window]
        for low, high in itertools.pairwise(bounds)
    ]


def assign(programs: list[str], cores: list[str], rounds: int,
           seed: object) -> list[tuple[int, str, str]]:
    """[(round, program, core)]: each round gives every program one core it has not had, and
    takes every core equally often, as far as the numbers go."""
    had: dict[str, set[str]] = {program: set() for program in programs}
    pairs = []
    for number in range(min(rounds, len(cores))):
        rng = random.Random(f"{seed}/assign/{number}")
        order = rng.sample(programs, len(programs))
        pool: list[str] = []
        for program in order:
            free = [core for core in pool if core not in had[program]]
            if not free:
                more = rng.sample(cores, len(cores))
                pool += more
                free = [core for core in pool if core not in had[program]]
            pool.remove(free[0])
            had[program].add(free[0])
            pairs.append((number, program, free[0]))
    return pairs


def all_cores(glue: Path) -> list[Json]:
    """The cores as microarchs.py in the folder `glue` lists them."""
    command = [sys.executable, str(glue / "microarchs.py")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Mistake(f"{command[1]} does not list the cores: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


class Server:
    """One gem5 that runs jobs, each in a child of its own."""

    def __init__(self, gem5: str, glue: Path, out: Path, number: int) -> None:
        self.command = [
            gem5, f"--outdir={out}/gem5-{number}", "--dump-config=", "--json-config=",
            "--dot-config=", "--dot-dvfs-config=", f"--path={glue}", str(HERE / "gem5_job.py"),
            "--serve",
        ]
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "subprocess.Popen[str]":
        """Starts gem5 and waits until it takes jobs."""
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        if self.read(process, "ready") is None:
            raise Mistake(f"gem5 does not start: {' '.join(self.command)}")
        return process

    @staticmethod
    def read(process: "subprocess.Popen[str]", word: str) -> str | None:
        """What follows `word` on the next line that starts with it; None at the end."""
        for line in process.stdout or ():
            if line.startswith(word):
                return line[len(word):]
        return None

    def run(self, job: Json) -> Json:
        """The answer to one job, from a new gem5 where the last one died."""
        if self.process is None or self.process.poll() is not None:
            self.process = self.start()
        assert self.process.stdin
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self.read(self.process, "answer")
        return json.loads(answer) if answer else {"error": "the gem5 server ended"}

    def stop(self) -> None:
        """Lets gem5 end."""
        if self.process and self.process.stdin and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait()


class Recording:
    """The data set being made: what exists, what is to be done, and how to do it."""

    def __init__(self, options: Namespace) -> None:
        self.options = options
        self.out = Path(options.out).resolve()
        self.cores = {core["name"]: core for core in all_cores(options.glue)}
        root = Path(options.workloads).resolve()
        manifest = json.loads((root / "manifest.json").read_text())
        self.programs = {p["name"]: p for p in manifest if p["split"] in ("train", "valid", "test")}
        unknown = [f"--only {n}" for n in options.only or [] if n not in self.programs]
        unknown += [f"--cores {n}" for n in options.cores or [] if n not in self.cores]
        if unknown:
            raise Mistake(f"{', '.join(unknown)}: no such name in {root}/manifest.json or among "
                             "the cores of microarchs.py")
        if options.only:
            self.programs = {n: p for n, p in self.programs.items() if n in options.only}
        for program in self.programs.values():
            program["command"] = [str(root / program["binary"])] + program["args"]
        self.index: dict[str, Json] = {}
        self.lock = threading.Lock()
        for folder in ("streams", "cycles", "logs", "output"):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        files.write_json(self.out / "cores.json", list(self.cores.values()))
        self.load_index()

    def load_index(self) -> None:
        """Takes over what an earlier run recorded."""
        path = self.out / "programs.json"
        if path.exists():
            self.index = {entry["name"]: entry for entry in json.loads(path.read_text())}

    def save_index(self) -> None:
        """Writes programs.json."""
        files.write_json(self.out / "programs.json", sorted(self.index.values(), key=lambda e: e["name"]))

    def plan(self) -> list[Job]:
        """Every job as (kind, program, core), in the order to do them."""
        options = self.options
        train = [n for n, p in self.programs.items() if p["split"] in ("train", "valid")]
        test = [n for n, p in self.programs.items() if p["split"] == "test"]
        cores = {n: c["split"] for n, c in self.cores.items() if n in (options.cores or self.cores)}
        seen = [n for n, split in cores.items() if split in ("train", "named")]
        unseen = [n for n, split in cores.items() if split == "unseen"]
        jobs: list[Job] = []
        done = set()

        def stream(program: str) -> None:
            """Adds the recording of a program's stream, once."""
            if program not in done:
                done.add(program)
                jobs.append(("stream", program, None))

        for _, program, core in assign(train, seen, options.rounds, options.seed):
            stream(program)
            jobs.append(("windows", program, core))
        pairs = assign(test, seen, options.test_seen, f"{options.seed}/seen")
        pairs += assign(test, unseen, options.test_unseen, f"{options.seed}/unseen")
        for _, program, core in sorted(pairs, key=lambda pair: pair[0]):
            stream(program)
            jobs.append(("full", program, core))
        rng = random.Random(f"{options.seed}/calibrate")
        for program in rng.sample(train, min(options.calibrate, len(train))):
            stream(program)
            jobs += [("windows", program, core) for core in unseen]
        # Streams first: a job that must wait for one would hold up its worker.
        jobs.sort(key=lambda job: job[0] != "stream")
        return jobs

    def path(self, kind: str, program: str, core: str | None) -> Path:
        """The file whose presence says that a job is done."""
        if kind == "stream":
            return self.out / "streams" / f"{program}.pvc"
        return self.out / "cycles" / program / f"{core}.pvc"

    def job(self, kind: str, name: str, core: str | None) -> Json | None:
        """The job as gem5_job.py wants it, or None where its stream is missing."""
        program = self.programs[name]
        label = f"{name}.{core or 'stream'}"
        job = {
            "name": name, "command": program["command"], "log": str(self.out / "logs" / label),
            "output": str(self.out / "output" / label),
        }
        if program.get("stdin"):
            job["input"] = str(Path(self.options.workloads).resolve() / program["stdin"])
        if kind == "stream":
            job |= {
                "mode": "stream", "core": next(c for c in self.cores.values() if c["split"] == "named"),
                "trace": str(self.out / "streams" / f"{name}.pvt"),
                "hashes": str(self.path(kind, name, core)),
            }
            return job
        if name not in self.index:
            return None
        path = self.path(kind, name, core)
        path.parent.mkdir(exist_ok=True)
        job |= {"core": self.cores[core], "cycles": str(path)}
        if kind == "windows":
            windows = choose_windows(name, self.index[name]["retired"], self.options)
            job |= {"mode": "windows", "windows": windows, "warmup": self.options.warmup}
        else:
            job |= {"mode": "full"}
            if self.options.limit and self.index[name]["retired"] > self.options.limit:
                job["limit"] = self.options.limit
        return job

    def accept(self, kind: str, name: str, core: str | None, answer: Json) -> str | None:
        """Checks what a job wrote; returns None or what is wrong with it."""
        if answer["error"]:
            return answer["error"]
        program = self.programs[name]
        if kind == "stream":
            text = (self.out / "output" / f"{name}.stream").read_text(errors="replace")
            if program.get("checksum") and program["checksum"] not in text:
                return f"its output lacks the checksum {program['checksum']}"
            entry = {k: program.get(k) for k in ("name", "split", "category", "command")}
            entry["retired"] = answer["retired"]
            if program["split"] != "test":
                entry["windows"] = choose_windows(name, answer["retired"], self.options)
            with self.lock:
                self.index[name] = entry
                self.save_index()
            return None
        try:
            cycles.compare(self.path("stream", name, None), self.path(kind, name, core))
        except cycles.CycleFileError as error:
            os.replace(self.path(kind, name, core), f"{self.path(kind, name, core)}.bad")
            return str(error)
        return None


class Progress:
    """A line on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.failed = total, 0, 0
        self.started = time.monotonic()
        self.shown = 0.0

    def step(self, ok: bool, text: str) -> None:
        """Counts a job and shows how far things are."""
        self.done += 1
        self.failed += not ok
        now = time.monotonic()
        last = self.done == self.total
        live = sys.stderr.isatty()
        if not live and not last and now - self.shown < 15:
            return
        self.shown = now
        left = (now - self.started) / self.done * (self.total - self.done)
        line = (f"{self.done}/{self.total} ({100 * self.done // self.total}%)  "
                f"{self.failed} failed  {left / 60:.1f} min left  {text}")
        end = "\n" if last or not live else ""
        print(f"\r\x1b[K{line}" if live else line, end=end, file=sys.stderr, flush=True)


def work(recording: Recording, jobs: "queue.Queue[Job]", progress: Progress, number: int) -> None:
    """One worker: takes jobs until there are none."""
    server = Server(recording.options.gem5, recording.options.glue, recording.out, number)
    while True:
        try:
            kind, name, core = jobs.get_nowait()
        except queue.Empty:
            break
        ok, text = True, f"{name} {core or 'stream'}"
        if not recording.path(kind, name, core).exists() or (
                kind == "stream" and name not in recording.index):
            waited = 0
            job = recording.job(kind, name, core)
            while job is None and waited < 120:  # another worker may be recording the stream
                time.sleep(1)
                waited += 1
                job = recording.job(kind, name, core)
            error: str | None = "its stream was not recorded"
            if job:
                answer = server.run(job)
                if answer["error"] and kind == "windows":
                    # gem5 24.0 may fail an assertion where an O3 CPU is left while its
                    # instruction cache is busy; a little later it is not.
                    answer = server.run(job | {"slack": 500})
                error = recording.accept(kind, name, core, answer)
                text += f" {answer.get('retired')} in {answer.get('seconds')} s"
            ok = error is None
            if not ok:
                with recording.lock, open(recording.out / "failures.log", "a") as log:
                    log.write(f"{name} {core or 'stream'}: {error}\n")
            elif job:
                Path(job["log"]).unlink(missing_ok=True)
                if kind != "stream":
                    Path(job["output"]).unlink(missing_ok=True)
        with recording.lock:
            progress.step(ok, text)
    server.stop()


def parse() -> Namespace:
    """The settings of a command line."""
    parser = argparse.ArgumentParser(**described(__doc__))
    parser.add_argument("--gem5", required=True, help="gem5.opt built with EXTRAS=gem5-glue")
    parser.add_argument("--workloads", default="target/workloads")
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", nargs="*", help="only these programs")
    parser.add_argument("--cores", nargs="*", help="only these cores")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--glue", type=Path, default=GLUE, metavar="DIR",
                        help="the folder of microarchs.py and system.py (%(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="cores per training program")
    parser.add_argument("--windows", type=int, default=10, help="windows per program")
    parser.add_argument("--window", type=int, default=30000, help="retirements per window")
    parser.add_argument("--warmup", type=int, default=5000, help="on the core, before a window")
    parser.add_argument("--span", type=int, default=4_000_000, help="windows lie in the first N")
    parser.add_argument("--limit", type=int, default=0, help="time only the first N of a test")
    parser.add_argument("--test-seen", type=int, default=12, help="seen cores per test program")
    parser.add_argument("--test-unseen", type=int, default=8)
    parser.add_argument("--calibrate", type=int, default=8, help="programs for unseen cores")
    parser.add_argument("--may-fail", type=float, default=0.0, metavar="SHARE",
                        help="succeed although up to this share of the jobs failed")
    options = parser.parse_args()
    if options.window % BLOCK:
        parser.error(f"--window must be a multiple of {BLOCK}")
    return options


@told
def main() -> None:
    options = parse()
    recording = Recording(options)
    plan = recording.plan()
    jobs: queue.Queue[Job] = queue.Queue()
    for job in plan:
        jobs.put(job)
    progress = Progress(len(plan))
    workers = [
        threading.Thread(target=work, args=(recording, jobs, progress, number))
        for number in range(options.jobs)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    sys.exit(1 if progress.failed > options.may_fail * len(plan) else 0)


if __name__ == "__main__":
    main()
