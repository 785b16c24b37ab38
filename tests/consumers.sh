#!/bin/sh
# Installs a release build into a fresh tree, moves the tree, and builds and runs programs against
# it with make and pkg-config, and with CMake where there is one. BUILD names the build's folder.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "consumers.sh: $*" >&2
    exit 1
}

# A library folder of two levels, as Debian has it, shows that relative paths count them.
for libdir in lib lib/x86_64-linux-gnu; do
    tree=$work/moved
    PREFIX=$work/first LIBDIR=$work/first/$libdir packaging/install.sh
    rm -rf "$tree"
    cp -a "$work/first" "$tree"
    (cd "$work/first" && PREFIX=$work/first "$OLDPWD/packaging/uninstall.sh")
    left=$(find "$work/first" ! -type d)
    [ -z "$left" ] || fail "uninstall left $left"
    rm -rf "$work/first"

    export PKG_CONFIG_PATH="$tree/$libdir/pkgconfig"
    mkdir -p "$work/make"
    make -C tests/consumers OUT="$work/make" -B
    LD_LIBRARY_PATH=$tree/$libdir "$work/make/consumer" "$work/make/a.pvt"
    "$work/make/consumer-static" "$work/make/b.pvt"
    cmp "$work/make/a.pvt" "$work/make/b.pvt" || fail "shared and static library disagree"
    objdump -p "$work/make/consumer" | grep -q 'NEEDED *libperfvec\.so\.[0-9]*$' ||
        fail "the consumer does not ask for a versioned libperfvec.so"
    if objdump -p "$work/make/consumer-static" | grep -q 'NEEDED *libperfvec'; then
        fail "the static consumer asks for the shared library"
    fi

    # An installed example; the default model is found from the place of the library.
    examples=$tree/share/doc/perfvec/examples
    c++ -std=c++17 "$examples/cpp/toy_simulator.cpp" -o "$work/host" \
        $(pkg-config --cflags --libs perfvec)
    env -i LD_LIBRARY_PATH="$tree/$libdir" XDG_DATA_DIRS="$work" "$work/host" >"$work/host.txt" ||
        fail "a library in $libdir does not find the model that was installed with it"

    if command -v cmake >/dev/null; then
        cmake -S tests/consumers -B "$work/cmake" -DCMAKE_PREFIX_PATH="$tree" \
            -DCMAKE_LIBRARY_ARCHITECTURE=x86_64-linux-gnu >"$work/cmake.log" ||
            { cat "$work/cmake.log"; fail "cmake could not configure"; }
        cmake --build "$work/cmake"
        "$work/cmake/consumer" "$work/cmake/a.pvt"
        "$work/cmake/consumer-static" "$work/cmake/b.pvt"
        [ ! -x "$work/cmake/consumer-cxx" ] || "$work/cmake/consumer-cxx"
        rm -rf "$work/cmake"
    elif [ "${NEED_CMAKE:-0}" = 1 ]; then
        fail "NEED_CMAKE is set but there is no cmake"
    else
        echo "consumers.sh: no cmake here, so its package files were not tried"
    fi
done

# The installed command stands on its own, with the model and the trace that came with it.
env -i XDG_DATA_DIRS="$work" "$tree/bin/perfvec" replay --model learned --sample 100000 --only like
echo "consumers.sh: all well"
