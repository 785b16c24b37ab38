#!/bin/sh
# Retires 10^8, 10^9 and 10^10 instructions (or the numbers given) and prints a table: rate, and
# resident memory after a tenth and at the end. Fails where memory grew.
#
#   tests/soak.sh [RETIREMENTS...]
#
# The session measures 256 units, so what takes the time is the extractor and the bookkeeping of a
# long run. 10^10 takes about ten minutes of one core.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- 100000000 1000000000 10000000000
echo "| retirements | million/s of processor time | KiB after a tenth | KiB at the end |"
echo "|---|---|---|---|"
for total; do
    out=$(PERFVEC_SOAK=$total cargo test --release --quiet --test robustness -- --ignored --exact \
        --nocapture trust::memory_stays_flat_for_a_thousand_million_retirements 2>&1) ||
        { echo "$out"; exit 1; }
    echo "$out" | sed -n 's/^\([0-9]*\) retirements .* in \([0-9.]*\) s of processor time: \([0-9]*\) KiB .*, \([0-9]*\) KiB .*/\1 \2 \3 \4/p' |
        awk '{ printf "| %s | %.1f | %s | %s |\n", $1, $1 / $2 / 1e6, $3, $4; n++ } END { exit n != 1 }'
done
