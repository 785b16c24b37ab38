# Pieces of a program on a detailed core, and the whole from them. Sourced by tests/gem5.sh.

pieces() { # pieces NAME OPTION ...: simpoints.py
    local name=$1; shift
    gem5 "$work/$name" "$glue/configs/simpoints.py" --core boom-small-like --interval 10000 \
        --cycles "$work/$name.csv" "$@" -- "$work/phases" plain || {
        tail -20 "$work/$name/log"; fail "simpoints.py $*"; }
}
if [ ! -x "$work/phases" ] || [ ! -x "$perfvec" ]; then
    skip "pieces of programs: no riscv64-linux-gnu-gcc or no $perfvec (make build)"
else
    pieces whole --whole --record "$work/phases.pvt"
    "$perfvec" simpoints --core boom-small-like --interval 10000 --max 8 -o "$work/points" \
        "$work/phases.pvt" > "$work/points.txt"
    pieces pieces --points "$work/points" --settle 2000 --jobs 2
    "$perfvec" simpoints --core boom-small-like --interval 10000 --points "$work/points" \
        --cycles "$work/pieces.csv" --on boom-small-like --json "$work/points.result.json" \
        "$work/phases.pvt"
    python3 - "$work" <<'PY'
import csv, json, sys
def read(name):
    rows = csv.DictReader(open(f"{sys.argv[1]}/{name}.csv"))
    return {int(r["interval"]): (int(r["cycles"]), int(r["retirements"])) for r in rows}
whole, pieces = read("whole"), read("pieces")
assert len(whole) > 30 and 3 <= len(pieces) <= 8 and set(pieces) < set(whole)
for n, (cycles, retired) in pieces.items():
    assert abs(retired - whole[n][1]) < 100, (n, retired, whole[n])
    assert abs(cycles / whole[n][0] - 1) < 0.1, (n, cycles, whole[n])
taken = sum(cycles for cycles, _ in whole.values())
result = json.load(open(f"{sys.argv[1]}/points.result.json"))["whole"]
print(f"{taken} cycles taken; from {len(pieces)} of {len(whole)} intervals {result}")
assert abs(result["plain_cycles"] / taken - 1) < 0.1
assert abs(result["cycles"] / taken - 1) < 0.05
PY
    [ "$(grep -c "^phases" "$work/pieces/log")" -le 1 ] || fail "what a piece prints is seen"

    # The same pieces from checkpoints, one of them as a job of its own, and at any core.
    take=(--points "$work/points" --interval 10000)
    gem5 "$work/take" "$glue/configs/simpoints.py" "${take[@]}" --settle 2000 --warm 100000 \
        --take "$work/checkpoints" -- "$work/phases" plain || {
        tail -20 "$work/take/log"; fail "simpoints.py --take"; }
    last=$(cut -d' ' -f1 "$work/points.simpts" | sort -n | tail -1)
    pieces restored --points "$work/points" --restore "$work/checkpoints" --jobs 2
    pieces alone --points "$work/points" --restore "$work/checkpoints" --only "$last"
    python3 - "$work" "$last" <<'PY'
import csv, sys
def read(name):
    rows = csv.DictReader(open(f"{sys.argv[1]}/{name}.csv"))
    return {int(r["interval"]): (int(r["cycles"]), int(r["retirements"])) for r in rows}
forked, restored, alone = read("pieces"), read("restored"), read("alone")
assert set(forked) == set(restored) and set(alone) == {int(sys.argv[2])}
for n, (cycles, retired) in restored.items():
    assert abs(retired - forked[n][1]) < 100, (n, retired, forked[n])
    assert abs(cycles / forked[n][0] - 1) < 0.05, (n, cycles, forked[n])
assert all(alone[n] == restored[n] for n in alone), (alone, restored)
PY
    expect "the checkpoints are of arguments \['plain'\], not of \['other'\]" \
        "$glue/configs/simpoints.py" --core boom-small-like "${take[@]}" --cycles "$work/bad.csv" \
        --restore "$work/checkpoints" -- "$work/phases" other
    mkdir "$work/cut"
    cp "$work/checkpoints/points.json" "$work/cut"
    expect "no checkpoint of interval" "$glue/configs/simpoints.py" --core boom-small-like \
        "${take[@]}" --cycles "$work/bad.csv" --restore "$work/cut" -- "$work/phases" plain

    # gem5's own library reads the files of points (that of 24.0 needs a warm-up to do so).
    cat > "$work/library.py" <<'PY'
import sys
from gem5.resources.resource import SimpointDirectoryResource
read = SimpointDirectoryResource(
    local_path=sys.argv[1], simpoint_file="points.simpts", weight_file="points.weights",
    simpoint_interval=10000, warmup_interval=1000)
print("points", read.get_simpoint_list(), read.get_weight_list())
PY
    gem5 "$work/library" "$work/library.py" "$work" || {
        tail -20 "$work/library/log"; fail "gem5's library does not read points.simpts"; }
    python3 - "$work" <<'PY'
import ast, sys
log = open(f"{sys.argv[1]}/library/log").read()
said = next(line for line in log.splitlines() if line.startswith("points "))
numbers, weights = ast.literal_eval("(" + said[7:].replace("] [", "], [") + ")")
lines = lambda end: [line.split()[0] for line in open(f"{sys.argv[1]}/points.{end}")]
assert numbers == [int(n) for n in lines("simpts")], said
assert weights == [float(w) for w in lines("weights")], said
PY

    printf '900 0\n' > "$work/late.simpts"
    expect "before interval 900: the points are of another program" "$glue/configs/simpoints.py" \
        --core boom-small-like --interval 10000 --points "$work/late" --cycles "$work/late.csv" \
        -- "$work/phases"
    printf '1 0\nmany\n' > "$work/bad.simpts"
    expect "bad.simpts: line 2: \"many\" is not" "$glue/configs/simpoints.py" --core boom-small-like \
        --interval 10000 --points "$work/bad" --cycles "$work/bad.csv" -- "$work/phases"
    pass "pieces of a program on a detailed core"
fi
