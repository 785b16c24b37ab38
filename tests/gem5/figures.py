"""How near calibration and sampled simulation come to gem5's own detailed core.

    figures.py GEM5 WORKLOADS [--core NAME] [--programs NAME ...] [--keep FOLDER]

For whole programs that no model was trained on, and a core that is in no table: the cycles of the
detailed core for all of it, against

    windows      the mean of short windows on that core, extrapolated (SMARTS), +- its 95% interval
    calibrated   the same windows, used to fit a vector that prices every instruction
    one run      a vector fitted to one run of 480 thousand instructions on that core

The detailed cycles do not depend on the model and are kept in FOLDER, so that only the estimates
are made again after the model changed.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from perfvec_training import cycles, recording

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "gem5-glue/configs"
JOB = ROOT / "onnx/training/perfvec_training/gem5_job.py"
SAMPLED = ["--period", "40000", "--warmup", "1000", "--window", "2000", "--interval", "500"]
ONE_RUN = ["--period", "1000000000", "--first", "200000", "--warmup", "1000",
           "--window", "480000", "--interval", "1000"]


def gem5(options, folder, *arguments):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "log", "w") as log:
        code = subprocess.run(
            [options.gem5, f"--outdir={folder}", *map(str, arguments)], stdout=log, stderr=log)
    if code.returncode != 0:
        sys.exit(f"figures: gem5 failed: see {folder}/log")


def truth(options, program, core):
    """Retirements and cycles of the whole program on the detailed core."""
    folder = options.keep / f"{program['name']}.{core['name']}"
    result = folder / "detailed.pvc"
    if not result.exists():
        folder.mkdir(parents=True, exist_ok=True)
        job = {"name": program["name"], "command": program["command"], "mode": "full",
               "core": core, "cycles": str(result), "output": str(folder / "output")}
        (folder / "job.json").write_text(json.dumps(job))
        gem5(options, folder, f"--path={CONFIGS}", JOB, folder / "job.json")
    found = cycles.read(str(result)).metadata
    return found["retirements"], found["cycles"]


def sampled(options, program, core, name, settings):
    folder = options.keep / f"{program['name']}.{core['name']}"
    table, result = folder / f"{name}.safetensors", folder / f"{name}.json"
    for old in (table, result):
        old.unlink(missing_ok=True)
    model = ["--model", options.model] if options.model else []
    gem5(options, folder, CONFIGS / "sampled.py", "--core", core["name"], *settings, *model,
         "--table", table, "--json", result, "--", *program["command"])
    return json.loads(result.read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gem5")
    parser.add_argument("workloads", type=Path)
    parser.add_argument("--core", default="unseen-o3-00")
    parser.add_argument("--programs", nargs="*",
                        default=["sqlite_bank-a", "lua_scripts-b", "zstd_frames-a"])
    parser.add_argument("--model", default="")
    parser.add_argument("--keep", type=Path, default=ROOT / "target/gem5-figures")
    options = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    options.keep = options.keep.absolute()

    core = {c["name"]: c for c in recording.all_cores(CONFIGS)}[options.core]
    known = {p["name"]: p for p in json.loads((options.workloads / "manifest.json").read_text())}
    rows = []
    for name in options.programs:
        program = known[name]
        binary = str((options.workloads / program["binary"]).absolute())
        program = {"name": name, "command": [binary, *program["args"]]}
        retired, took = truth(options, program, core)
        windows = sampled(options, program, core, "sampled", SAMPLED)
        one = sampled(options, program, core, "one-run", ONE_RUN)
        # The streams are the same but for argv[0], which nothing reads.
        assert abs(windows["retired"] - retired) < 1000, (windows["retired"], retired)
        rows.append({
            "program": name, "core": core["name"], "retired": retired, "cycles": took,
            "detailed": windows["detailed_fraction"], "windows": windows["windows"],
            "extrapolated_error": windows["extrapolated_cycles"] / took - 1,
            "extrapolated_half_width": windows["extrapolated_half_width"] / took,
            "calibrated_error": windows["calibrated_cycles"] / took - 1,
            "calibrated_half_width": windows["calibrated_half_width"] / took,
            "held_out_error": windows["held_out_error"],
            "one_run_error": one["calibrated_cycles"] / took - 1,
            "one_run_held_out_error": one["held_out_error"],
            "one_run_extrapolated_error": one["extrapolated_cycles"] / took - 1,
        })
    (options.keep / "figures.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"core {core['name']}; windows of 2000 in every 40000 retirements")
    print("| program | instructions | cycles | windows alone | calibrated on them | held out "
          "| one run of 480 k: alone | calibrated | held out |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['program']} | {r['retired'] / 1e6:.2f} M | {r['cycles'] / 1e6:.2f} M "
              f"| {r['extrapolated_error']:+.1%} ± {r['extrapolated_half_width']:.1%} "
              f"| {r['calibrated_error']:+.1%} ± {r['calibrated_half_width']:.1%} "
              f"| {r['held_out_error']:.1%} | {r['one_run_extrapolated_error']:+.1%} "
              f"| {r['one_run_error']:+.1%} | {r['one_run_held_out_error']:.1%} |")


main()
