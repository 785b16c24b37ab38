#!/bin/sh
# Builds the fuzz targets without cargo-fuzz and runs one:
#
#   fuzz/run.sh trace 60                    one minute of target `trace`, on the stable toolchain
#   SANITIZER=address fuzz/run.sh capi 60   with AddressSanitizer, which needs RUSTC_BOOTSTRAP=1
#
# Findings go to fuzz/artifacts/TARGET/, new inputs to fuzz/grown/TARGET/; the committed corpus is
# only read. Further arguments go to libFuzzer.
set -eu
cd "$(dirname "$0")"
[ $# -ge 1 ] || { echo "usage: run.sh TARGET [SECONDS] [LIBFUZZER ARGUMENT...]" >&2; exit 2; }
target=$1
seconds=${2:-60}
[ $# -lt 2 ] && shift 1 || shift 2
triple=$(rustc -vV | sed -n 's/^host: //p')

flags="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
if [ -n "${SANITIZER:-}" ]; then
    export RUSTC_BOOTSTRAP=1
    flags="$flags -Zsanitizer=$SANITIZER"
fi
# With --target, build scripts and macros stay without instrumentation.
RUSTFLAGS="$flags" cargo build --release --target "$triple" --bin "$target"

mkdir -p "artifacts/$target" "grown/$target"
exec "target/$triple/release/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -artifact_prefix="artifacts/$target/" "$@" "grown/$target" "corpus/$target"
