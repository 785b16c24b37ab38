#!/usr/bin/env python3
"""Whole programs under QEMU: speed and memory against length, full and sampled.

    end_to_end.py [--most N]

Needs `make build` and the programs of onnx/workloads (built on the first call). Prints, for SQLite
on databases that take 10^6 to 10^9 instructions and for Lua, millions of instructions a second of
plain QEMU and of `perfvec run`, and the most memory of any of its processes. Checks that sampled
runs hold what full ones give. --most N leaves out programs of more instructions.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PERFVEC = ROOT / "target/release/perfvec"
BIN = ROOT / "target/workloads/bin"
# Program, arguments, about as many instructions.
RUNS = [
    ("sqlite_bank.O2", ["35", "0"], 2_826_059),
    ("sqlite_bank.O2", ["300", "0"], 18_000_000),
    ("sqlite_bank.O2", ["5000", "0"], 271_371_407),
    ("sqlite_bank.O2", ["30000", "0"], 1_586_934_347),
    ("lua_scripts.O2", ["0", "9"], 141_566_388),
    ("lua_scripts.O2", ["2", "300000"], 2_682_280_008),
]
FULL_MOST = 20_000_000


def run(command: list) -> tuple[float, int]:
    """Seconds, and the largest resident set of a process that ended in it, in bytes."""
    watch = ("import json, resource, subprocess, sys; "
             "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
             "stderr=subprocess.PIPE); "
             "sys.stderr.buffer.write(code.stderr if code.returncode else b''); "
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); "
             "sys.exit(code.returncode)")
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", watch, *map(str, command)], check=True,
                          stdout=subprocess.PIPE, text=True)
    return time.monotonic() - start, int(done.stdout) * 1024


def estimates(path: Path) -> dict:
    return json.loads(path.read_text())


def check(sampled: dict, full: dict) -> str:
    """How many of the 95% intervals hold the full value; the worst error."""
    pairs = list(zip(sampled["microarchs"], full["microarchs"], strict=True))
    errors = [abs(s["cycles"] / f["cycles"] - 1) for s, f in pairs]
    held = sum(e <= s["half_width"] + 1e-5 for e, (s, _) in zip(errors, pairs, strict=True))
    assert sampled["retired"] == full["retired"]
    assert max(errors) < 0.05, f"a sampled run is {max(errors):.1%} from the full one"
    return f"{held} of {len(pairs)} intervals hold the full value, worst error {max(errors):.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=2_000_000_000)
    args = parser.parse_args()
    subprocess.run([sys.executable, ROOT / "onnx/workloads/build.py", "--long", "--only",
                    "^(sqlite_bank|lua_scripts)-"], check=True, stdout=subprocess.DEVNULL)
    print(f"{'program':<28}{'instructions':>15}{'plain':>9}{'full':>9}{'to 1%':>9}{'10%':>9}"
          f"{'memory':>10}{'+-95%':>8}   MIPS; MiB at the most; widest interval")
    notes = []
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out.json"
        for name, arguments, about in RUNS:
            if about > args.most:
                continue
            program = [BIN / name, *arguments]
            plain, _ = run(["qemu-riscv64", *program])

            def perfvec(*flags: str, program: list = program) -> tuple[float, int, dict]:
                took, memory = run([PERFVEC, "run", "--json", out, *flags, "--", *program])
                return took, memory, estimates(out)

            sampled_time, memory, sampled = perfvec("--sample-error", "1%")
            paced_time, _, paced = perfvec("--sample-overhead", "10%")
            count = sampled["retired"]
            assert paced["retired"] == count
            rate = f"{'':>9}"
            if about <= FULL_MOST:
                took, full_memory, full = perfvec()
                memory = max(memory, full_memory)
                rate = f"{count / took / 1e6:>9.2f}"
                notes.append(f"{name} {' '.join(arguments)}: {check(sampled, full)}")
            width = max(m["half_width"] for m in sampled["microarchs"])
            print(f"{name + ' ' + ' '.join(arguments):<28}{count:>15}"
                  f"{count / plain / 1e6:>9.1f}{rate}{count / sampled_time / 1e6:>9.1f}"
                  f"{count / paced_time / 1e6:>9.1f}{memory / 2**20:>10.0f}{width:>8.2%}",
                  flush=True)
    print("\n".join(notes))


if __name__ == "__main__":
    main()
