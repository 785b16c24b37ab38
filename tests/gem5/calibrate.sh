# A core calibrated while gem5 runs, and from the trace of that run. Sourced by tests/gem5.sh.

run timed --cpu o3 --interval 1000 --record "$work/o3.pvt" --calibrate "$work/online.safetensors"
run untimed --record "$work/atomic.pvt"
"$perfvec" diff "$work/atomic.pvt" "$work/o3.pvt" || fail "cycles in a trace change its stream"
"$perfvec" calibrate --name calibrated --interval 1000 -o "$work/offline.safetensors" "$work/o3.pvt"
for fit in online offline; do
    "$perfvec" replay --microarchs "$work/$fit.safetensors" --only calibrated \
        --json "$work/$fit.json" "$work/atomic.pvt" > "$work/$fit.txt"
done
"$perfvec" info --json "$work/o3.pvt" > "$work/o3.json"
python3 - "$work" <<'PY'
import json, sys
def read(name):
    return json.load(open(f"{sys.argv[1]}/{name}.json"))
def cycles(name):
    return next(e["cycles"] for e in read(name)["microarchs"] if e["name"] == "calibrated")
stats = dict(line.split()[:2] for line in open(f"{sys.argv[1]}/timed/stats.txt") if len(line.split()) > 1)
took, trace = int(stats["system.cpu.numCycles"]), read("o3")
assert trace["timed_retirements"] == trace["retirements"]
assert abs(trace["timed_cycles"] - took) <= 50, f"{trace['timed_cycles']} in the trace, {took} taken"
print(f"fitted online {cycles('online')}, offline {cycles('offline')}; the CPU took {took}")
assert cycles("online") == cycles("offline")
assert abs(cycles("online") - took) < 0.1 * took, "it does not fit the run that it was fitted to"
PY
pass "calibration on a timing CPU, and offline from its trace"
