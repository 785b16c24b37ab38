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
    printf '900 0\n' > "$work/late.simpts"
    expect "before interval 900: the points are of another program" "$glue/configs/simpoints.py" \
        --core boom-small-like --interval 10000 --points "$work/late" --cycles "$work/late.csv" \
        -- "$work/phases"
    printf '1 0\nmany\n' > "$work/bad.simpts"
    expect "bad.simpts: line 2: \"many\" is not" "$glue/configs/simpoints.py" --core boom-small-like \
        --interval 10000 --points "$work/bad" --cycles "$work/bad.csv" -- "$work/phases"
    pass "pieces of a program on a detailed core"
fi
