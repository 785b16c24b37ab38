#!/bin/bash
# What takes long or needs tools that are not everywhere, by lane; the outcome of each goes into the
# table of tests/README.md.
#
#   tests/slow.sh LANE ...       or: make slow LANE="tsan miri"
#   tests/slow.sh all            every lane, and each though one before it failed; or: make slow
#
#   tsan      C and C++ programs under ThreadSanitizer        nightly Rust with rust-src, clang
#   miri      unit tests under Miri                           nightly Rust with miri
#   aarch64   unit tests for AArch64, under QEMU              that target, its C compiler, qemu-user
#   soak      10^8, 10^9 and 10^10 retirements
#   fuzz      every target for FUZZ_SECONDS (600)
#   mutants   of each folder of src/ that tests/mutants.sh holds to its share, a sample: the first
#             and each fiftieth after it, or MUTANTS (such as 7/20)
#   cargo-c   what cargo-c installs                           cargo-c
#   bare      the tarball in a bare Debian                    root, debootstrap
#   sysroot   bash, make, coreutils for RISC-V under QEMU     apt of Debian, the network
#   spike     examples/spike in a real Spike                  SPIKE, where that was installed
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2; }
[ "$*" != all ] || set -- tsan miri aarch64 soak fuzz mutants cargo-c bare sysroot spike
log=$(mktemp)
trap 'rm -f "$log"' EXIT

passed() { sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }'; }

lane() { # lane NAME: runs it; says what came out in one line
    case $1 in
        tsan) tests/tsan.sh >"$log" && echo "$(grep -c ': no races$' "$log") programs, no races" ;;
        miri) tests/miri.sh >"$log" && echo "$(passed) tests, nothing undefined" ;;
        aarch64) tests/aarch64.sh >"$log" && echo "$(passed) tests passed" ;;
        soak) tests/soak.sh >"$log" && tail -n 1 "$log" |
            awk -F'|' '{ printf "%s retirements, %s million/s;%s KiB after a tenth,%s at the end\n", $2 + 0, $3 + 0, $4, $5 }' ;;
        fuzz)
            # A machine that does other work beside it must not look like a hang.
            for target in fuzz/fuzz_targets/*.rs; do
                fuzz/run.sh "$(basename "$target" .rs)" "${FUZZ_SECONDS:-600}" -timeout=60 \
                    -verbosity=0 -print_final_stats=1 2>&1 || return
            done >"$log"
            awk -v seconds="${FUZZ_SECONDS:-600}" '/^stat::number_of_executed_units/ { n++; sum += $2 }
                END { printf "%d targets, %d s each: %d inputs, no finding\n", n, seconds, sum }' "$log" ;;
        mutants)
            for place in features sampling session microarch model/native; do
                tests/mutants.sh "$place" "${MUTANTS:-0/50}" 2>&1 || return
            done >"$log"
            grep -c ' killed (' "$log" | sed 's/$/ folders, each with 85 % killed or more (table of mutants)/' ;;
        cargo-c) tests/cargo_c.sh >"$log" && tail -n 1 "$log" ;;
        bare) packaging/tarball.sh >"$log" && packaging/bare.sh >>"$log" && tail -n 1 "$log" ;;
        sysroot) tests/sysroot.sh >"$log" && paste -sd';' "$log" ;;
       spike) tests/spike.sh >"$log" && cat "$log" ;;
        *) echo "slow.sh: no lane $1" >&2; return 2 ;;
    esac
}

failed=
for name; do
    echo "== $name"
    started=$SECONDS
    if ! result=$(lane "$name"); then
        tail -n 40 "$log" >&2
        failed+=" $name"
        continue
    fi
    minutes=$(((SECONDS - started + 59) / 60))
    row="| $name | $(date -u +%F) | $(git rev-parse --short HEAD) | $minutes | $result |"
    tests/write_row.sh "$row"
    echo "$row"
done
[ -z "$failed" ] || { echo "slow.sh: failed:$failed" >&2; exit 1; }
