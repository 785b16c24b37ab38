#!/usr/bin/env bash
# Tests of gem5-glue.
#
#   GEM5=/path/to/gem5.opt tests/gem5.sh
#
# GEM5 must have been built with EXTRAS=gem5-glue. Without it, only what needs no gem5 is tested,
# and the script says so. PROGRAM (a static RISC-V binary) may name a program to run; otherwise
# one is compiled with riscv64-linux-gnu-gcc. PERFVEC_MODEL and PERFVEC_MICROARCHS may name the
# model and the table, else the default ones are used.
set -euo pipefail
cd "$(dirname "$0")/.."
glue=$PWD/gem5-glue
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

pass() { echo "pass: $*"; }
fail() { echo "FAIL: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*" >&2; }

# --- without gem5 ---
"${CXX:-c++}" -std=c++17 -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
    -I "$glue" tests/gem5_stream.cc -o "$work/stream"
"$work/stream" "$work"
python3 "$glue/configs/cycles.py" --compare "$work/test.pvc" "$work/stream.pvc"
python3 - "$glue/configs" "$work/test.pvc" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import cycles, microarchs
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
assert len({core["name"] for core in cores}) == len(cores) == 100
assert cores == microarchs.all_cores(), "the sample must depend on the seed alone"
PY
pass "streams, cycle files, cores"

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
static long walk(long *cells, long n) {
    long sum = 0;
    for (long i = 0, at = 0; i < n; i++) { at = cells[at]; sum += at & 7; atomic_fetch_add(&total, sum); }
    return sum;
}
int main(void) {
    long n = 3000, *cells = malloc(n * sizeof *cells);
    for (long i = 0; i < n; i++) cells[i] = (i * 1103 + 12345) % n;
    long sum = walk(cells, 20000);
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
gem5 "$work/m-stream" "$glue/configs/dataset.py" "$work/stream.json" || {
    cat "$work/m-stream/log"; fail "stream"; }
for core in rocket-like u74-like boom-small-like skylake-like; do
    job "$work/$core.json" full "$core" "\"cycles\": \"$work/$core.pvc\""
    gem5 "$work/m-$core" "$glue/configs/dataset.py" "$work/$core.json" || {
        tail -20 "$work/m-$core/log"; fail "$core"; }
    python3 "$glue/configs/cycles.py" --compare "$work/a.pvc" "$work/$core.pvc" \
        || fail "$core retires another stream than the atomic CPU"
    cmp "$work/stream.json.out" "$work/$core.json.out" || fail "$core computes something else"
done
job "$work/windows.json" windows boom-medium-like \
    "\"cycles\": \"$work/windows.pvc\", \"warmup\": 500, \"windows\": [[20000, 5000], [25000, 3000], [60000, 5000]]"
gem5 "$work/m-windows" "$glue/configs/dataset.py" "$work/windows.json" || {
    tail -20 "$work/m-windows/log"; fail "windows"; }
python3 "$glue/configs/cycles.py" --compare "$work/a.pvc" "$work/windows.pvc" || fail "windows"
pass "the same stream on every CPU model, and through switches"

# --- observed cycles are those of the CPU ---
python3 - "$glue/configs" "$work/m-skylake-like/stats.txt" "$work/skylake-like.pvc" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
import cycles
stats = dict(line.split()[:2] for line in open(sys.argv[2]) if len(line.split()) > 1)
took = sum(cycles.read(sys.argv[3]).list())
theirs = int(stats["system.cpu.numCycles"])
assert abs(took - theirs) <= 50, f"observed {took} cycles, the CPU counted {theirs}"
PY
pass "observed cycles add up to the CPU's own count"

# --- damaged and missing input ---
expect() { # expect TEXT CONFIG ARGUMENT ...: must fail and say TEXT
    local text=$1; shift
    if gem5 "$work/bad" "$@"; then fail "accepted: $*"; fi
    grep -q -- "$text" "$work/bad/log" || { cat "$work/bad/log"; fail "did not say '$text': $*"; }
}
expect "missing.onnx" "$glue/configs/estimate.py" --model /nowhere/missing.onnx -- "$PROGRAM"
expect "use full or rate" "$glue/configs/estimate.py" --sampling sometimes -- "$PROGRAM"
pass "bad input is refused with its reason"

# --- estimates ---
model=(${PERFVEC_MODEL:+--model "$PERFVEC_MODEL"} ${PERFVEC_MICROARCHS:+--microarchs "$PERFVEC_MICROARCHS"})
if ! gem5 "$work/e-atomic" "$glue/configs/estimate.py" "${model[@]}" -- "$PROGRAM"; then
    if grep -q "default model" "$work/e-atomic/log"; then
        skip "estimates: no default model: set PERFVEC_MODEL and PERFVEC_MICROARCHS"
        exit 0
    fi
    tail -20 "$work/e-atomic/log"; fail "estimate"
fi
estimates() { grep "^system.cpu.tracer\." "$1/stats.txt" | grep -v "^system.cpu.tracer.pending" | awk '{print $1, $2}'; }
for cpu in timing minor o3; do
    gem5 "$work/e-$cpu" "$glue/configs/estimate.py" --cpu $cpu "${model[@]}" -- "$PROGRAM" || {
        tail -20 "$work/e-$cpu/log"; fail "estimate on $cpu"; }
    diff <(estimates "$work/e-atomic") <(estimates "$work/e-$cpu") \
        || fail "estimates differ between the atomic and the $cpu CPU"
done
gem5 "$work/e-inline" "$glue/configs/estimate.py" --threads 0 "${model[@]}" -- "$PROGRAM"
diff <(estimates "$work/e-atomic") <(estimates "$work/e-inline") || fail "estimates depend on threads"
pass "the same estimates on every CPU model and with any number of threads"

# A restored checkpoint goes on as if nothing had happened.
gem5 "$work/c1" "$glue/configs/estimate.py" --max 60000 --checkpoint "$work/ckpt" "${model[@]}" -- "$PROGRAM"
gem5 "$work/c2" "$glue/configs/estimate.py" --restore "$work/ckpt" "${model[@]}" -- "$PROGRAM" || {
    tail -20 "$work/c2/log"; fail "restore"; }
diff <(estimates "$work/e-atomic") <(estimates "$work/c2") || fail "a restored run estimates otherwise"
pass "checkpoints"
echo "gem5.sh: all passed"
