#!/bin/sh
# Builds the unit tests of the library for AArch64 and runs them under qemu-aarch64: decoder,
# features, sessions, and the engine, whose portable code the compiler turns into NEON.
#
#   rustup target add aarch64-unknown-linux-gnu && tests/aarch64.sh [FILTER...]
#
# Needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user. Not part of .ci/run, since it
# builds every dependency once more.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
exec cargo test --release --target aarch64-unknown-linux-gnu --no-default-features --lib -- "$@"
