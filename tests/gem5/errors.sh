# Bad input and bad installations: gem5 stops and says what to do. Sourced by tests/gem5.sh.

estimate=$glue/configs/estimate.py
expect "missing.onnx" "$estimate" --model /nowhere/missing.onnx -- "$PROGRAM"
expect "use full, rate, target or overhead" "$estimate" --sampling sometimes -- "$PROGRAM"
expect "half_width" "$estimate" --sampling target --error 0.9 -- "$PROGRAM"
expect "must end in .json or .csv" "$estimate" --interval 1000 --intervals "$work/series.txt" \
    -- "$PROGRAM"
! grep -q "instructions retired" "$work/bad/log" || fail "told only after the whole run"

# Parameters that would lose the result of a long run: told before it, not after.
wrong() { # wrong TEXT NAME=VALUE ...
    local text=$1; shift
    expect "$text" tests/gem5/parameters.py "$PROGRAM" "$@"
    ! grep -q "exiting" "$work/bad/log" || fail "told only after the whole run: $*"
}
wrong "microarch table of .*use the table that came with the model" \
    "microarchs='onnx/perfvec-riscv64-1.safetensors'"
wrong "windows has 3 numbers: give pairs" "windows=[1, 2, 3]"
wrong "exit_at is not in ascending order" "exit_at=[500, 100]"
wrong "need estimate=True" "estimate=False" "calibrate='$work/mine.safetensors'"
wrong "calibrate needs interval" "calibrate='$work/mine.safetensors'" "microarch='mine'"
wrong "calibrate needs microarch" "calibrate='$work/mine.safetensors'" "interval=1000"
wrong "cannot write /nowhere/mine.safetensors: No such file" \
    "calibrate='/nowhere/mine.safetensors'" "microarch='mine'" "interval=1000"
wrong "cannot open /nowhere/mine.pvc.part: No such file" "cycles='/nowhere/mine.pvc'"

# A library of another ABI version, as LD_LIBRARY_PATH may find one.
echo 'unsigned perfvec_abi_version(void) { return 99; }' | cc -shared -fPIC -x c - -o "$work/abi.so"
LD_PRELOAD=$work/abi.so expect "ABI version 99: rebuild gem5" "$estimate" -- "$PROGRAM"

# No default model anywhere: the places looked at are named.
(
    unset PERFVEC_MODEL
    library=$(ldd "$GEM5" | awk '/libperfvec/ {print $3}')
    mkdir -p "$work/lonely"
    cp -L "$library" "$work/lonely/libperfvec.so.0"
    HOME=/nowhere XDG_DATA_HOME=/nowhere LD_PRELOAD=$work/lonely/libperfvec.so.0 \
        expect "no default model; looked at .*set PERFVEC_MODEL" "$estimate" -- "$PROGRAM"
)

# A CPU that cannot be traced retires without a word to its tracer.
expect "no instruction retired: set it as the tracer of the CPU" tests/gem5/parameters.py --unused "$PROGRAM"
grep -q "KVM) cannot be traced" "$work/bad/log" || fail "nothing about CPUs that cannot be traced"

# A checkpoint of another model.
run theirs --max 60000 --checkpoint "$work/theirs.ckpt"
PERFVEC_MODEL=$PWD/onnx/perfvec-riscv64-1.onnx \
    expect "was taken with model .*, but this is model .*load the other model" "$estimate" \
    --restore "$work/theirs.ckpt" -- "$PROGRAM"
# A trace of the rest of a stream would lack the instructions that its beginning interned.
expect "a trace cannot begin at this checkpoint" "$estimate" --restore "$work/ckpt" \
    --record "$work/rest.pvt" -- "$PROGRAM"
pass "bad input is refused with its reason"

# gem5.fast: the same source, compiled without tracing, as scons does for it. (That its startup()
# is then fatal is read off the code that is left; a whole gem5.fast takes hours to build.)
build=$(dirname "$(realpath "$GEM5")")
if [ -f "$build/params/PerfVec.hh" ]; then
    for tracing in 0 1; do
        "${CXX:-c++}" -std=c++17 -O0 -S -DTRACING_ON=$tracing -I "$build" -I "$build/../../src" \
            -I "$build/../../ext" -I include $(python3-config --includes) \
            -I "$build/../../ext/pybind11/include" \
            "$glue/perfvec_tracer.cc" -o "$work/tracer$tracing.s"
    done
    grep -q "was built without tracing (gem5.fast)" "$work/tracer0.s" || fail "gem5.fast is silent"
    ! grep -q "was built without tracing" "$work/tracer1.s" || fail "gem5.opt is refused"
    pass "gem5.fast is refused (in code compiled for it)"
else
    skip "gem5.fast: no headers of a build beside $GEM5"
fi
