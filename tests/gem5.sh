#!/usr/bin/env bash
# Tests of gem5-glue.
#
#   GEM5=/path/to/gem5.opt tests/gem5.sh
#   GEM5=/path/to/gem5.opt tests/gem5.sh figures     how near sampling and calibration come
#   GEM5=/path/to/gem5.opt tests/gem5.sh slowdown    what the tracer costs
#
# GEM5 must have been built with EXTRAS=gem5-glue. Without it, only what needs no gem5 is tested,
# and the script says so. PROGRAM (a static RISC-V binary) may name a program to run; otherwise
# one is compiled with riscv64-linux-gnu-gcc. WORKLOADS (target/workloads) is where
# onnx/workloads/build.py built to. GEM5_SOURCE (gem5 24.0's sources) is enough to compare twins'
# branch predictors with gem5's, without a gem5.
set -euo pipefail
cd "$(dirname "$0")/.."
glue=$PWD/gem5-glue
job=$PWD/onnx/training/perfvec_training/gem5_job.py
# The readers of cycle files need no package beyond Python's own.
export PYTHONPATH=$PWD/onnx/training
cycles() { python3 -m perfvec_training.cycles "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

perfvec=target/release/perfvec
pass() { echo "pass: $*"; }
fail() { echo "FAIL: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*" >&2; }

case ${1:-} in
    figures | slowdown)
        [ -n "${GEM5:-}" ] || { skip "$1: set GEM5=/path/to/gem5.opt"; exit 0; }
        python3 "tests/gem5/$1.py" "$GEM5" "${WORKLOADS:-target/workloads}" "${@:2}"
        exit ;;
esac

# --- without gem5 ---
"${CXX:-c++}" -std=c++17 -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
    -I "$glue" tests/gem5/stream.cc -o "$work/stream"
"$work/stream" "$work"
cycles --compare "$work/test.pvc" "$work/stream.pvc"
python3 - "$glue/configs" "$work/test.pvc" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import microarchs
from perfvec_training import cycles
file = cycles.read(sys.argv[2])
places = [i for first, length in file.windows for i in range(first, first + length)]
expected = [70000 if i == 1234 else 65535 if i == 5501 else i % 7 for i in places]
assert file.list() == expected, "cycles read are not the cycles written"
damaged = bytearray(open(sys.argv[2], "rb").read())
damaged[100] ^= 1
open(sys.argv[2] + ".bad", "wb").write(damaged)
try:
    cycles.read(sys.argv[2] + ".bad")
    raise SystemExit("a damaged file was accepted")
except cycles.CycleFileError as error:
    assert "checksum" in str(error)
cores = microarchs.all_cores()
for core in cores:
    microarchs.check(core)
assert len({core["name"] for core in cores}) == len(cores) == 113
assert cores == microarchs.all_cores(), "the sample must depend on the seed alone"
PY
mkdir "$work/link"
python3 tests/gem5/sconscript.py "$work/link"
pass "streams, cycle files, cores, what scons is told"

library=${PERFVEC_LIB:-target/release}
if [ -e "$library/libperfvec.so" ]; then
    # By the name that programs are linked to.
    ln -s "$(realpath "$library/libperfvec.so")" "$work/libperfvec.so.0"
    "${CXX:-c++}" -std=c++17 -O1 -Wall -Wextra -Werror -I "$glue" -I include tests/gem5/decode.cc \
        -L "$library" -lperfvec -Wl,-rpath,"$work" -o "$work/decode"
    "$work/decode" "$work"
    pass "decoded instructions of Arm and x86"
else
    skip "decoded instructions of Arm and x86: no libperfvec.so in $library (PERFVEC_LIB)"
fi

if [ -n "${GEM5_SOURCE:-}" ] && command -v cargo > /dev/null; then
    python3 tests/gem5/predictors_alone.py "$GEM5_SOURCE" "cargo bench -q --bench predictors --" \
        examples/lua.pvt
    pass "twins' branch predictors are gem5's to the bit"
else
    skip "branch predictors, to the bit: set GEM5_SOURCE=/path/to/gem5 (needs cargo)"
fi

if [ -z "${GEM5:-}" ]; then
    skip "everything that needs gem5: set GEM5=/path/to/gem5.opt (built with EXTRAS=gem5-glue)"
    exit 0
fi

# --- a program ---
if [ -z "${PROGRAM:-}" ]; then
    command -v riscv64-linux-gnu-gcc > /dev/null || {
        skip "no PROGRAM and no riscv64-linux-gnu-gcc to make one"; exit 0; }
    cat > "$work/program.c" <<'C'
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
static atomic_long total;
/* gem5's m5_work_begin and m5_work_end; nothing to the program itself. */
#define WORK_BEGIN __asm__ volatile(".4byte 0xb400007b" ::: "memory", "a0")
#define WORK_END __asm__ volatile(".4byte 0xb600007b" ::: "memory", "a0")
static long walk(long *cells, long n) {
    long sum = 0;
    for (long i = 0, at = 0; i < n; i++) { at = cells[at]; sum += at & 7; atomic_fetch_add(&total, sum); }
    return sum;
}
int main(void) {
    long n = 3000, *cells = malloc(n * sizeof *cells);
    for (long i = 0; i < n; i++) cells[i] = (i * 1103 + 12345) % n;
    WORK_BEGIN;
    long sum = walk(cells, 20000);
    WORK_END;
    printf("%ld %ld\n", sum, atomic_load(&total));
    return 0;
}
C
    PROGRAM=$work/program
    riscv64-linux-gnu-gcc -O2 -static "$work/program.c" -o "$PROGRAM"
fi
PROGRAM=$(realpath "$PROGRAM")

gem5() { # gem5 OUTDIR CONFIG ARGUMENT ...
    local out=$1; shift
    mkdir -p "$out"
    "$GEM5" --outdir="$out" "$@" > "$out/log" 2>&1
}

# --- the stream is the same on every CPU model ---
core_of() { python3 -c "
import json, sys; sys.path.insert(0, '$glue/configs'); import microarchs
print(json.dumps({c['name']: c for c in microarchs.all_cores()}['$1']))"; }
job() { # job FILE MODE CORE EXTRA
    echo "{\"name\": \"test\", \"command\": [\"$PROGRAM\"], \"mode\": \"$2\", \"core\": $(core_of "$3"), \"output\": \"$1.out\", $4}" > "$1"
}
job "$work/stream.json" stream rocket-like \
    "\"trace\": \"$work/a.pvt\", \"hashes\": \"$work/a.pvc\""
gem5 "$work/m-stream" --path="$glue/configs" "$job" "$work/stream.json" || {
    cat "$work/m-stream/log"; fail "stream"; }
for core in rocket-like u74-like boom-small-like skylake-like; do
    job "$work/$core.json" full "$core" "\"cycles\": \"$work/$core.pvc\""
    gem5 "$work/m-$core" --path="$glue/configs" "$job" "$work/$core.json" || {
        tail -20 "$work/m-$core/log"; fail "$core"; }
    cycles --compare "$work/a.pvc" "$work/$core.pvc" \
        || fail "$core retires another stream than the atomic CPU"
    cmp "$work/stream.json.out" "$work/$core.json.out" || fail "$core computes something else"
done
job "$work/windows.json" windows boom-medium-like \
    "\"cycles\": \"$work/windows.pvc\", \"warmup\": 500, \"windows\": [[20000, 5000], [25000, 3000], [60000, 5000]]"
gem5 "$work/m-windows" --path="$glue/configs" "$job" "$work/windows.json" || {
    tail -20 "$work/m-windows/log"; fail "windows"; }
cycles --compare "$work/a.pvc" "$work/windows.pvc" || fail "windows"
pass "the same stream on every CPU model, and through switches"

# --- twins predict branches as gem5 does ---
if command -v cargo > /dev/null; then
    python3 tests/gem5/predictors.py "$GEM5" "cargo bench -q --bench predictors --" 2000000 "$PROGRAM"
    pass "twins predict branches as gem5 does"
else
    skip "branch predictors of twins: no cargo"
fi

# --- observed cycles are those of the CPU ---
python3 - "$work/m-skylake-like/stats.txt" "$work/skylake-like.pvc" <<'PY'
import sys
from perfvec_training import cycles
stats = dict(line.split()[:2] for line in open(sys.argv[1]) if len(line.split()) > 1)
took = sum(cycles.read(sys.argv[2]).list())
theirs = int(stats["system.cpu.numCycles"])
assert abs(took - theirs) <= 50, f"observed {took} cycles, the CPU counted {theirs}"
PY
pass "observed cycles add up to the CPU's own count"

expect() { # expect TEXT CONFIG ARGUMENT ...: must fail and say TEXT
    local text=$1; shift
    if gem5 "$work/bad" "$@"; then fail "accepted: $*"; fi
    grep -q -- "$text" "$work/bad/log" || { cat "$work/bad/log"; fail "did not say '$text': $*"; }
}
# --- estimates ---
export PERFVEC_MODEL=$PWD/tests/data/capi/tiny.onnx
run() { # run NAME OPTION ...: estimate.py into $work/NAME
    local name=$1; shift
    gem5 "$work/$name" "$glue/configs/estimate.py" "$@" -- "$PROGRAM" || {
        tail -20 "$work/$name/log"; fail "estimate.py $*"; }
}
estimates() { # every estimate of the last dump of NAME
    tac "$1/stats.txt" | sed '/Begin Simulation Statistics/q' | tac \
        | grep "^system.cpu.tracer\." | grep -v "\.pending" | awk '{print $1, $2}'
}
same() { # same NAME NAME WHAT
    diff <(estimates "$work/$1") <(estimates "$work/$2") || fail "$3"
    [ "$(estimates "$work/$2" | wc -l)" -gt 5 ] || fail "$2 has no estimates"
}
run atomic
for cpu in timing minor o3; do
    run $cpu --cpu $cpu
    same atomic $cpu "estimates differ between the atomic and the $cpu CPU"
done
run inline --threads 0
same atomic inline "estimates depend on the number of threads"
pass "the same estimates on every CPU model and with any number of threads"

for cpu in atomic o3; do
    run plain-$cpu --cpu $cpu --plain
    diff <(grep -v "^host\|^system.cpu.tracer\|^$" "$work/plain-$cpu/stats.txt") \
        <(grep -v "^host\|^system.cpu.tracer\|^$" "$work/$cpu/stats.txt") \
        || fail "other statistics of the $cpu CPU change because the tracer is there"
done
pass "no other statistic changes"

# Statistics start anew in a restored run; the session behind them does not.
run whole --show one three
run part --max 60000 --checkpoint "$work/ckpt"
run rest --restore "$work/ckpt" --show one three
diff <(grep "since the program" "$work/whole/log") <(grep "since the program" "$work/rest/log") \
    || fail "a restored run estimates otherwise than one without a break"
[ "$(grep -c "since the program" "$work/rest/log")" = 2 ] || fail "no totals"
pass "checkpoints"

run fork --fork --max 60000
for _ in $(seq 50); do [ -s "$work/fork.f0/stats.txt" ] && break; sleep 0.2; done
sleep 0.5
same atomic fork "a run that forked estimates otherwise"
same atomic fork.f0 "the fork estimates otherwise than a run without one"
pass "forks"

run work --work-items
whole=$(estimates "$work/atomic" | awk '/tracer.retired/ {print $2}')
inside=$(estimates "$work/work" | awk '/tracer.retired/ {print $2}')
[ "$inside" -gt 100000 ] && [ "$inside" -lt "$whole" ] \
    || fail "$inside of $whole instructions are in the region of interest"
pass "regions of interest ($inside of $whole instructions)"
# The last retirement before the checkpoint waits for its successor, and begins the region.
run early --work-items --max 60000
begin=$((60000 - $(estimates "$work/early" | awk '/tracer.retired/ {print $2}')))
run before --work-items --max "$begin" --checkpoint "$work/begin"
run after --work-items --restore "$work/begin"
same work after "a run restored where its region begins estimates otherwise"
pass "a checkpoint where a region begins"

run pair --cpus 2
for i in 0 1; do
    diff <(estimates "$work/atomic") <(sed "s/^system.cpu$i.tracer/system.cpu.tracer/" \
        "$work/pair/stats.txt" > "$work/stats.txt"; estimates "$work") \
        || fail "hart $i of two estimates otherwise than one alone"
done
python3 - "$work/pair/stats.txt" <<'PY'
import sys
stats = dict(line.split()[:2] for line in open(sys.argv[1]) if len(line.split()) > 1)
totals = {name: float(value) for name, value in stats.items() if name.startswith("system.totals.")}
assert len(totals) > 5 and any(name.endswith(".seconds") for name in totals)
for name, total in totals.items():
    harts = [float(stats[f"system.cpu{i}.tracer.{name.removeprefix('system.totals.')}"]) for i in (0, 1)]
    # Two copies of one program: twice the cycles at the same CPI.
    expected = harts[0] if name.endswith((".cpi", ".halfWidth")) else sum(harts)
    assert total > 0 or name.endswith(".halfWidth"), name
    # Statistics are printed with six decimals.
    assert abs(total - expected) <= 1e-5 * expected + 2e-6, (name, total, harts)
PY
pass "several CPUs and their totals"

run rate --sampling rate --period 20000
run target --sampling target --error 0.05
run tight --sampling target --error 0.001
run near --sampling rate --period 20000 --warming 100
python3 - "$work" <<'PY'
import sys
def stats(name):
    rows = (line.split()[:2] for line in open(f"{sys.argv[1]}/{name}/stats.txt"))
    return {row[0].removeprefix("system.cpu.tracer."): float(row[1]) for row in rows
            if len(row) > 1 and row[0].startswith("system.cpu.tracer.")}
full, rate, target, tight, near = map(stats, ("atomic", "rate", "target", "tight", "near"))
cores = [name for name in full if name.endswith(".cycles")]
assert full["measured"] == full["retired"] == rate["retired"] == target["retired"]
assert 0 < rate["measured"] < full["measured"] / 2 and rate["units"] >= 9
assert target["units"] <= tight["units"] and target["measured"] <= tight["measured"]
for sampled in (rate, target, tight):
    for name in cores:
        width = sampled[name.replace(".cycles", ".halfWidth")]
        error = abs(sampled[name] / full[name] - 1)
        assert 0 <= width <= 1, (name, width)
        assert error <= 3 * width + 1e-3, (name, error, width)
assert any(rate[name.replace(".cycles", ".halfWidth")] > 0 for name in cores)
# The same units, with less behind them.
assert all(near[name] == rate[name] for name in ("retired", "measured", "units"))
assert any(near[name] != rate[name] for name in cores)
# Of a run this short, a target may take everything.
print({n: (s["measured"], s["units"]) for n, s in
       (("rate", rate), ("target 5%", target), ("target 0.1%", tight))})
PY
pass "sampling at a rate and to a target error"

run series --interval 10000 --intervals "$work/series.csv"
run series-json --interval 10000 --intervals "$work/series.json"
python3 - "$work" <<'PY'
import csv, json, sys
work = sys.argv[1]
rows = list(csv.DictReader(open(f"{work}/series.csv")))
series = json.load(open(f"{work}/series.json"))
stats = dict(l.split()[:2] for l in open(f"{work}/series/stats.txt") if len(l.split()) > 1)
assert len(rows) == len(series["intervals"]) > 10
assert sum(int(r["retired"]) for r in rows) == int(stats["system.cpu.tracer.retired"])
for i, name in enumerate(series["microarchs"]):
    stat = "".join(c if c.isalnum() else "_" for c in name)
    whole = float(stats[f"system.cpu.tracer.{stat}.cycles"])
    for total in (sum(float(r[name]) for r in rows),
                  sum(e["cycles"][i] for e in series["intervals"])):
        assert abs(total - whole) <= 1e-4 * abs(whole) + 1, (name, total, whole)
PY
pass "interval series add up to the whole"

run many --every 50000
[ "$(grep -c "Begin Simulation" "$work/many/stats.txt")" -ge 4 ] || fail "--every dumped too rarely"
same atomic many "looking at estimates on the way changes them"
pass "statistics on the way"

if gem5 "$work/board" "$glue/configs/board.py" "$PROGRAM"; then
    grep -q "tracer.*cycles" "$work/board/stats.txt" || fail "no estimates on a board"
    pass "the standard library's board"
else
    tail "$work/board/log"
    fail board
fi

gem5 "$work/sampled" "$glue/configs/sampled.py" --core boom-medium-like --period 30000 \
    --window 5000 --interval 500 --table "$work/table.safetensors" --json "$work/sampled.json" \
    -- "$PROGRAM" || { tail "$work/sampled/log"; fail sampled; }
python3 - "$work/sampled.json" "$work/table.safetensors" <<'PY'
import json, os, sys
result = json.load(open(sys.argv[1]))
print(result)
assert result["windows"] >= 4 and result["calibrated_cycles"] > 0
low, high = result["extrapolated_cycles"] / 3, result["extrapolated_cycles"] * 3
assert low < result["calibrated_cycles"] < high, "calibration and extrapolation disagree wildly"
assert os.path.getsize(sys.argv[2]) > 100
PY
pass "sampled simulation with calibration"

# --- calibrated while gem5 runs, and from the trace of that run ---
if [ -x "$perfvec" ]; then
    . tests/gem5/calibrate.sh
else
    skip "offline calibration: no $perfvec; run: cargo build --release"
fi

# --- what is refused ---
. tests/gem5/errors.sh

# --- the same binary under QEMU ---
. tests/gem5/hosts.sh

# --- regions of interest ---
. tests/gem5/regions.sh

# --- cores by their own parameters, pieces of programs ---
. tests/gem5/cores.sh
. tests/gem5/simpoints.sh
echo "gem5.sh: all passed"
