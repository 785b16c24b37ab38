#!/bin/bash
# examples/spike in a real Spike: the cycles that a program reads are those that `perfvec replay` gives
# for Spike's log of the same instructions.
#
#   SPIKE=PREFIX tests/spike.sh        PREFIX is where Spike was installed (bin, include, lib)
set -euo pipefail
cd "$(dirname "$0")/.."
: "${SPIKE:?is where Spike was installed}"
target=$PWD/target/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -sfn libperfvec.so "$target/libperfvec.so.0"
c++ -std=c++20 -O2 -Wall -shared -fPIC -isystem "$SPIKE/include" -isystem "$SPIKE/include/riscv" \
    -isystem "$SPIKE/include/softfloat" -Iinclude examples/spike/perfvec.cc -L"$target" -lperfvec \
    "-Wl,-rpath,$target" -o "$work/extension.so"
riscv64-linux-gnu-gcc -nostdlib -static -march=rv64imafdc_zicsr -mabi=lp64d -Wl,-Ttext=0x80000000 \
    -Wl,-n,--build-id=none,--no-warn-rwx-segments tests/spike/clock.S -o "$work/clock"
cd "$work"
printf '[mine]\nlike = "cortex-a72-like"\n' >core.toml
isa=rv64imafdc_zicsr_zicntr
spike() { "$SPIKE/bin/spike" "--isa=$isa$1" "${@:2}" clock || true; }
spike '' -l --log-commits --log=log 2>/dev/null
PERFVEC_CORE=core.toml spike _xperfvec --extlib="$work/extension.so" 2>said
told=$(sed -n 's/.*(tohost = \([0-9]*\)).*/\1/p' said)

mapfile -t reads < <(grep -n 'csrr.*, cycle$' log | cut -d: -f1)
cycles() { # what is replayed of the log before the reading that is number $1
    head -n "$((reads[$1] - 1))" log >part
    "$target/perfvec" replay --model core.toml --json - part |
        python3 -c 'import json, sys; print(int(json.load(sys.stdin)["microarchs"][0]["cycles"]))'
}
[ ${#reads[@]} = 3 ]
want=$(($(cycles 2) - $(cycles 0)))
[ "$told" = "$want" ] || { cat said >&2; echo "spike.sh: $told cycles, not $want" >&2; exit 1; }
grep '^hart 0: ' said >/dev/null
echo "$told cycles between two readings, live and of the log; $(grep '^hart' said)"
