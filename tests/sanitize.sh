#!/bin/sh
# Runs the C and C++ programs of tests/c and examples under Valgrind, and built with
# AddressSanitizer and UndefinedBehaviorSanitizer, and with the allocators jemalloc and tcmalloc,
# against the release build of the library; and under Valgrind a replay with the model that comes
# with perfvec.
#
#   cargo build --release && tests/sanitize.sh [valgrind|asan|jemalloc|tcmalloc_minimal]
#
# Needs cc, c++, valgrind and the two allocators. Ends with the number of programs that were clean; any report of a
# leak, of a bad access or of undefined behaviour makes it fail.
set -eu
cd "$(dirname "$0")/.."
modes=${1:-"valgrind asan jemalloc tcmalloc_minimal"}
library=$PWD/target/release/libperfvec.so
test -f "$library" || { echo "no $library: run cargo build --release" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$library" "$work/libperfvec.so"
ln -s "$library" "$work/libperfvec.so.0"
cp tests/data/capi/tiny.onnx tests/data/capi/tiny.safetensors "$work"
export LD_LIBRARY_PATH=$work PERFVEC_MODEL=$work/tiny.onnx
flags="-Wall -Wextra -Werror -g -O1 -Iinclude"
clean=0
run() { # program, source, arguments of the program
    program=$1 source=$2
    shift 2
    case $mode in
    valgrind)
        # A child of fork() has lost what only its parent's threads pointed to.
        leaks=full
        test "$source" = tests/c/fork.c && leaks=no
        valgrind --quiet --error-exitcode=99 --leak-check=$leaks --show-leak-kinds=definite \
            --errors-for-leak-kinds=definite "$program" "$@" >"$work/out" 2>&1 ;;
    asan) ASAN_OPTIONS=detect_leaks=1 "$program" "$@" >"$work/out" 2>&1 ;;
    *) LD_PRELOAD=$allocator "$program" "$@" >"$work/out" 2>&1 ;;
    esac || { echo "$mode: $source failed"; cat "$work/out"; exit 1; }
}
for mode in $modes; do
    extra=
    case $mode in
    *malloc*) # the loader would only warn of one that is missing
        allocator=$(ls "/usr/lib/$(uname -m)-linux-gnu/lib$mode".so.[0-9]) ;;
    esac
    test "$mode" = asan && extra="-fsanitize=address,undefined -fno-sanitize-recover=all"
    for source in tests/c/*.c examples/c/*.c tests/c/*.cpp examples/cpp/*.cpp; do
        case $source in
        *.cpp) compile="c++ -std=c++17" ;;
        *) compile="cc -std=gnu11" ;;
        esac
        # shellcheck disable=SC2086
        $compile $flags $extra "$source" -o "$work/program" -L"$work" -lperfvec -lpthread -lm
        # Each in a directory of its own: the programs check that files are not there yet.
        here=$(mktemp -d "$work/run.XXXXXX")
        case $source in # what a program is given
        # Forks while threads work, which take seconds each. None under AddressSanitizer: unlike the C
        # library's, its allocator stays locked in the child by whichever thread was in it.
        tests/c/fork.c) test "$mode" = asan && input=0 || input=2 ;;
        *) input= ;;
        esac
        (cd "$here" && run "$work/program" "$source" ${input:+"$input"})
        clean=$((clean + 1))
    done
done
# The model that comes with perfvec: its features and its kernels are others than the small one's.
case $modes in
*valgrind*)
    mode=valgrind
    run target/release/perfvec "the model that comes with perfvec" replay --threads 0 \
        --model onnx/perfvec-riscv64-1.onnx --sample 400000 --unit 64 examples/lua.pvt
    clean=$((clean + 1))
    ;;
esac
echo "$clean programs were clean"
