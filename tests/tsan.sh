#!/bin/sh
# Builds the library and Rust's standard library with ThreadSanitizer, and runs the C and C++
# programs of tests/c, instrumented as well, against them; any race that is seen is a failure.
#
#   rustup component add rust-src --toolchain nightly && tests/tsan.sh
#
# Needs clang. Not part of .ci/run, since no stable toolchain can do it. fork.c is left out: the
# sanitizer does not follow a child that starts threads.
set -eu
cd "$(dirname "$0")/.."
triple=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-$PWD/target/tsan}
CARGO_TARGET_DIR=$target CARGO_PROFILE_RELEASE_OPT_LEVEL=1 RUSTFLAGS=-Zsanitizer=thread \
    cargo +nightly rustc --release -Zbuild-std --target "$triple" --lib --crate-type cdylib
runtime=$(rustc +nightly --print sysroot)/lib/rustlib/$triple/lib/librustc-nightly_rt.tsan.a
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in libperfvec.so libperfvec.so.0; do
    ln -s "$target/$triple/release/libperfvec.so" "$work/$name"
done
cp tests/data/capi/tiny.* "$work"
export LD_LIBRARY_PATH="$work" PERFVEC_MODEL="$work/tiny.onnx" TSAN_OPTIONS=exitcode=66
for source in tests/c/threads.c tests/c/stream.c tests/c/record.c \
    tests/c/misuse.c tests/c/cores.c tests/c/wrapper.cpp; do
    case $source in
    *.cpp) compile="clang++ -std=c++17" ;;
    *) compile="clang -std=gnu11" ;;
    esac
    $compile -g -O1 -Iinclude -fsanitize=thread -c "$source" -o "$work/program.o"
    # Rust's runtime and not clang's: the two must be of one version.
    c++ "$work/program.o" -o "$work/program" -rdynamic -L"$work" -Wl,--whole-archive "$runtime" \
        -Wl,--no-whole-archive -lperfvec -lpthread -lm -ldl -lrt -lresolv
    # Its shadow memory does not go with every placement of the program.
    (cd "$work" && setarch -R ./program >out 2>&1) || { cat "$work/out"; exit 1; }
    echo "$source: no races"
done
