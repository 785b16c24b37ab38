#!/bin/sh
# Runs unit tests under Miri, which looks at every access for undefined behaviour: the structs that
# C hands over, files, and the bookkeeping of sampling; with arguments, other tests by name.
#
#   rustup component add miri rust-src --toolchain nightly && tests/miri.sh [TEST...]
#
# Not part of .ci/run: no stable toolchain has Miri. Whole sessions take it hours, and what calls C
# (zstd, ONNX Runtime) is beyond it: tests/sanitize.sh and tests/tsan.sh look at these.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- capi:: file::tests outcome:: sampling::meter sampling::plan
# Proptest reads its regressions from the source tree; one case is enough for Miri.
export MIRIFLAGS="-Zmiri-disable-isolation" PROPTEST_CASES="${PROPTEST_CASES:-1}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/miri}"
for tests; do
    cargo +nightly miri test --no-default-features --lib -- "$tests"
done
