"""Times one program on one core inside gem5, and writes what retired and how long it took.

    gem5.opt --path=gem5-glue/configs gem5_job.py JOB.json
    gem5.opt --path=gem5-glue/configs gem5_job.py --serve

The second takes a job per line of standard input and gives an answer per line of standard output;
each job has a process of its own.

A job is a JSON object:

    name         name of the program, for the files written
    command      [binary, argument, ...]
    core         description of the core (microarchs.py)
    mode         "stream": the atomic CPU alone, from start to end
                 "windows": the core in windows, the atomic CPU between them
                 "full": the core from start to end
    trace        write the retirement stream here (.pvt)          [mode stream]
    hashes       write hashes of the stream here (.pvc, untimed)  [mode stream]
    cycles       write observed cycles here (.pvc)                [modes windows, full]
    windows      [[first retirement, retirements], ...]           [mode windows]
    warmup       retirements on the core before each window       [mode windows]
    slack        retirements on the core after each window        [mode windows]
    env          ["NAME=value", ...]; none where absent
    output       the program's standard output goes here
    input        the program's standard input comes from here
    limit        stop after so many retirements

The answer has "retired", "seconds" (wall time), "cause" and "error" (null, or what went wrong).
"""

import json
import os
import struct
import sys
import time
from typing import Any

import m5
import system as systems  # of gem5-glue/configs
from m5.objects import PerfVec, Process, Root

MARK = "perfvec mark"


def switch_points(windows: list[list[int]], warmup: int, slack: int) -> list[tuple[int, str]]:
    """[(retirement, "timing" or "atomic"), ...]: where each CPU takes over. Windows that leave
    no room between them are run through."""
    points = []
    for first, length in windows:
        start = max(0, first - warmup)
        if points and start <= points[-1][0]:
            points.pop()
        else:
            points.append((start, "timing"))
        points.append((first + length + slack, "atomic"))
    return points


def image_end(path: str) -> int:
    """Where the image of the program at `path` ends: the end of its last segment; 0 where it does
    not lie at fixed addresses (the System V ABI's ELF headers)."""
    with open(path, "rb") as file:
        header = file.read(64)
        kind, = struct.unpack_from("<H", header, 16)
        table, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        segments = [struct.unpack("<IIQQQQQQ", file.read(size)[:56]) for _ in range(count)]
    fixed, load = 2, 1
    ends = [address + memory for what, _, _, address, _, _, memory, _ in segments if what == load]
    return max(ends, default=0) if kind == fixed else 0


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Runs one job in this process, which can run no other after it."""
    mode, core, command = job["mode"], job["core"], job["command"]
    windows = job.get("windows", []) if mode == "windows" else []
    points = switch_points(windows, job.get("warmup", 0), job.get("slack", 0))
    first = {"stream": None, "full": "timing"}.get(mode, "atomic")
    if points and points[0] == (0, "timing"):
        first = "timing"
        points.pop(0)

    marks = [retirement for retirement, _ in points]
    if job.get("limit"):
        marks = [m for m in marks if m < job["limit"]] + [job["limit"]]
    tracer = PerfVec(
        estimate=False, record=job.get("trace", ""), hashes=job.get("hashes", ""), cycles=job.get("cycles", ""),
        windows=[number for window in windows for number in window], program=job["name"],
        microarch=core["name"], parameters=json.dumps(core | {"image_end": str(image_end(command[0]))}), exit_at=marks)
    process = Process(
        cmd=[os.path.basename(command[0])] + command[1:], executable=command[0], pid=100,
        env=job.get("env", []), output=job.get("output", "cout"), input=job.get("input", "cin"))
    system, atomic, timing = systems.build(core, process, tracer, command[0], first)
    root = Root(full_system=False, system=system)
    m5.instantiate()

    started = time.monotonic()
    running = timing if first == "timing" else atomic
    while True:
        event = m5.simulate()
        if event.getCause() != MARK:
            break
        if not points:
            break
        _, wanted = points.pop(0)
        if not points and wanted == "atomic":
            break  # behind the last window there is nothing to see
        target = timing if wanted == "timing" else atomic
        m5.switchCpus(system, [(running, target)])
        running = target
    tracer.finish()
    del root
    return {
        "retired": tracer.retired(),
        "seconds": round(time.monotonic() - started, 2),
        "cause": event.getCause(),
        "code": event.getCode(),
        "error": None,
    }


def run_apart(job: dict[str, Any]) -> dict[str, Any]:
    """Runs one job in a child process. Its messages go to job["log"]."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        log = os.open(job.get("log", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        status = 1
        try:
            os.write(writer, json.dumps(run(job)).encode())
            status = 0
        finally:
            sys.stdout.flush()
            # No exit handlers: they would write statistics that nobody asked for.
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0 and text:
        return json.loads(text)
    return {"error": f"gem5 ended with {status}: see {job.get('log', 'its log')}"}


def main() -> None:
    if sys.argv[1:] == ["--serve"]:
        print("ready", flush=True)
        for line in sys.stdin:
            print("answer", json.dumps(run_apart(json.loads(line))), flush=True)
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        answer = run(json.load(file))
    print("answer", json.dumps(answer))


if __name__ == "__m5_main__":
    main()
