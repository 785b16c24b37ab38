#!/bin/bash
# Every benchmark in one run, each against what it competes with; every part checks its answers
# first. `make bench` builds what it needs. Takes about ten minutes on two quiet cores.
# PERFVEC_MODEL chooses another model; MOST=N leaves out programs of more than N instructions.
set -euo pipefail
cd "$(dirname "$0")/.."
model=$(realpath "${PERFVEC_MODEL:-onnx/perfvec-riscv64-1.onnx}")
export PERFVEC_MODEL=$model
PERFVEC_ORT_LIB=$(echo "$PWD"/target/venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*)
export PERFVEC_ORT_LIB
part() { echo; echo "== $1"; }

date -u; grep -m1 'model name' /proc/cpuinfo; nproc
part "Extractor of the published features, beside naive lists and splay trees (its published algorithm)"
cargo bench -q --bench extractor -- examples/lua.pvt
part "Extractor of the default model's features"
cargo bench -q --bench refmachine -- examples/lua.pvt
part "Branch predictors of twins: how often they are wrong, and what they cost"
cargo bench -q --bench predictors -- examples/lua.pvt
part "Engine, beside ONNX Runtime batched and one at a time, and the product of its matrices"
cargo bench -q --features oracles --bench engine -- "$model" | tee target/bench-engine.txt
part "PyTorch as published: a window for every instruction"
target/venv/bin/python benches/pytorch_windowed.py "$model" | tee target/bench-torch.txt
part "Ratios of the int8 engine"
awk '
    FILENAME ~ /torch/ { for (i = 1; i < NF; i++) if ($i == "windowed") torch = $(i + 2) }
    /native int8/ { match($0, /native int8 +[0-9]+/); split(substr($0, RSTART, RLENGTH), a, / +/); int8 = a[3] }
    /ONNX Runtime f32 / { match($0, /ONNX Runtime f32 +[0-9]+/); split(substr($0, RSTART, RLENGTH), a, / +/); ort = a[4] }
    /ONNX Runtime f32, one/ { match($0, /time +[0-9]+/); split(substr($0, RSTART, RLENGTH), a, / +/); one = a[2] }
    END {
        if (ort) printf "ONNX Runtime f32, batched        %8.1fx\n", int8 / ort
        if (one) printf "ONNX Runtime f32, one at a time  %8.1fx\n", int8 / one
        if (torch) printf "PyTorch, windows of 256          %8.1fx\n", int8 / torch
    }' target/bench-engine.txt target/bench-torch.txt
part "Estimates, against the number of microarchitectures"
cargo bench -q --bench estimate
part "Estimates and memory, against the length of the program"
cargo bench -q --bench length
part "Bounded warming: rate and error against warming by every instruction"
cargo bench -q --bench warming
part "The C ABI's part of a retirement"
cargo bench -q --bench calls
part "Whole programs under QEMU"
python3 benches/end_to_end.py --most "${MOST:-2000000000}"
part "What each part of the QEMU glue costs"
REPEAT=1 benches/qemu.sh
