#!/bin/sh
# Installs with cargo-c and with packaging/install.sh, and compares: the same headers, libraries,
# SONAME, model and table in the same places. Then builds and runs programs against cargo-c's tree.
#
#   cargo install cargo-c && cargo build --release && tests/cargo_c.sh [ARGUMENTS OF cinstall]
#
# CINSTALL is the command (default: cargo cinstall). Not part of .ci/run, since cargo-c takes longer
# to build than everything else.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CINSTALL:-cargo cinstall} --locked --prefix "$work/a" --libdir "$work/a/lib" "$@"
PREFIX=$work/b packaging/install.sh
# cargo-c installs neither the command nor what only the command and CMake use.
list() {
    (cd "$work/$1" && find include lib share/perfvec/perfvec-riscv64-* ! -type d |
        grep -v '^lib/cmake/\|^lib/perfvec/' | sort)
}
list a >"$work/a.txt"
list b >"$work/b.txt"
diff "$work/a.txt" "$work/b.txt"
for tree in a b; do
    objdump -p "$work/$tree/lib/libperfvec.so" | grep SONAME >"$work/$tree.soname"
done
diff "$work/a.soname" "$work/b.soname"

export PKG_CONFIG_PATH="$work/a/lib/pkgconfig"
make -C tests/consumers OUT="$work" -B
LD_LIBRARY_PATH=$work/a/lib "$work/consumer" "$work/a.pvt"
"$work/consumer-static" "$work/b.pvt"
cmp "$work/a.pvt" "$work/b.pvt"
# The default model is found beside the library.
c++ -std=c++17 examples/cpp/toy_simulator.cpp -o "$work/priced" \
    $(pkg-config --cflags --libs perfvec)
env -u PERFVEC_MODEL LD_LIBRARY_PATH="$work/a/lib" XDG_DATA_HOME="$work" \
    "$work/priced" | grep -c cycles
echo "cargo_c.sh: all well"
