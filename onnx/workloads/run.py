"""Run programs under QEMU user mode, read their checksum, count instructions."""

import concurrent.futures
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
QEMU = "qemu-riscv64"


@dataclass
class Result:
    """What one run gave; `error` is empty when it ended well."""

    checksum: str = ""
    instructions: int = 0
    error: str = ""


def counter(out):
    """Compile the counting plugin for this machine; returns its path."""
    source, library = HERE / "count_plugin.c", out / "count_plugin.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        library.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", str(source), "-o", str(library)], check=True
        )
    return library


def run_one(program, out, plugin):
    command = [QEMU]
    if plugin:
        command += ["-plugin", str(plugin)]
    command += [str(out / program["binary"]), *program["args"]]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            timeout=600,
            env={},
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Result(error=str(problem))
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        tail = done.stderr.decode(errors="replace")[-300:]
        return Result(error=f"exit code {done.returncode} {text[-200:]} {tail}")
    sums = re.findall(r"^checksum (.+)$", text, re.MULTILINE)
    if not sums:
        return Result(error="printed no checksum")
    counts = re.findall(r"^instructions (\d+)$", done.stderr.decode(), re.MULTILINE)
    return Result(sums[-1], int(counts[-1]) if counts else 0)


def run_all(programs, out, jobs, count):
    """Returns {name: Result}."""
    plugin = counter(out) if count else None
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {p["name"]: pool.submit(run_one, p, out, plugin) for p in programs}
        return {name: future.result() for name, future in futures.items()}
