#!/bin/bash
# What each part of the QEMU glue costs, in millions of guest instructions a second, as ratios to
# plain QEMU. Usage: benches/qemu.sh [PROGRAM ARGS...]; needs `make build`. REPEAT=n repeats.
set -euo pipefail
cd "$(dirname "$0")/.."
program=("$@")
[ $# -gt 0 ] || program=(target/workloads/bin/lua_scripts.O2 0 9)
repeat=${REPEAT:-3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# The best of several runs, in seconds: the least disturbed one.
seconds() {
    local best=
    for _ in $(seq "$repeat"); do
        local start=$EPOCHREALTIME
        "$@" >/dev/null 2>"$out/stderr" || { cat "$out/stderr" >&2; exit 1; }
        local took
        took=$(awk "BEGIN { print $EPOCHREALTIME - $start }")
        if [ -z "$best" ] || awk "BEGIN { exit !($took < $best) }"; then best=$took; fi
    done
    echo "$best"
}

plugin=
for file in target/release/libperfvec_qemu{1,2,3}.so; do
    status=0
    qemu-riscv64 -plugin "$file,probe=on" "${program[0]}" 2>/dev/null || status=$?
    [ $status != 86 ] || plugin=$file
done
[ -n "$plugin" ] || { echo "no plugin that this QEMU loads; run make build" >&2; exit 1; }

mkdir "$out/idle"
make --no-print-directory -s -C qemu-glue OUT="$out/idle" CFLAGS="-O2 -DPERFVEC_IDLE=true"

target/release/perfvec record -o "$out/t.pvt" -- "${program[@]}" >/dev/null 2>"$out/stderr"
count=$(target/release/perfvec info --json "$out/t.pvt" | sed -n 's/.*"retirements": \([0-9]*\).*/\1/p')

plain=$(seconds qemu-riscv64 "${program[@]}")
row() {
    awk -v n="$count" -v t="$2" -v p="$plain" -v what="$1" \
        'BEGIN { printf "%-44s %9.3f s %9.2f MIPS %8.3f\n", what, t, n / t / 1e6, p / t }'
}
echo "$count instructions: ${program[*]}"
row "plain QEMU" "$plain"
row "callbacks that do nothing" "$(seconds qemu-riscv64 -plugin "$out/idle/$(basename "$plugin")" "${program[@]}")"
row "perfvec record" "$(seconds target/release/perfvec record -o "$out/t.pvt" -- "${program[@]}")"
row "perfvec run, 1 in 1000 measured" "$(seconds target/release/perfvec run --sample 1024000 -- "${program[@]}")"
row "perfvec run, 1 in 1000, 100000 before each warm" "$(seconds target/release/perfvec run --sample 1024000 --warming 100000 -- "${program[@]}")"
row "perfvec run, 1 in 100 measured" "$(seconds target/release/perfvec run --sample 102400 -- "${program[@]}")"
# Everything through the model is slow, so once will do.
repeat=1
row "perfvec run, all measured" "$(seconds target/release/perfvec run -- "${program[@]}")"
