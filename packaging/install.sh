#!/bin/sh
# Installs a release build: library, headers, pkg-config and CMake files, command, default model.
#
#   packaging/install.sh                         into /usr/local
#   PREFIX=$HOME/.local packaging/install.sh
#   DESTDIR=/tmp/stage PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu packaging/install.sh
#
# BUILD names the folder of the build (default: target/release). STRIP=1 leaves debug information
# out. pkg-config and CMake files find the tree by their own place, so it can be moved as a whole.
# The list of what was installed goes to share/perfvec/installed.txt, for uninstall.sh.
set -eu
cd "$(dirname "$0")/.."

PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
LIBDIR=${LIBDIR:-$PREFIX/lib}
BUILD=${BUILD:-target/release}
STRIP=${STRIP:-0}

die() {
    echo "install.sh: $*" >&2
    exit 1
}

case $PREFIX$LIBDIR in
*" "*) die "PREFIX and LIBDIR must not hold blanks: pkg-config would split them" ;;
esac
case $LIBDIR in
"$PREFIX"/*) libdir_in_prefix=${LIBDIR#"$PREFIX"/} ;;
*) die "LIBDIR ($LIBDIR) must lie in PREFIX ($PREFIX)" ;;
esac
for file in libperfvec.so libperfvec.a perfvec; do
    [ -f "$BUILD/$file" ] || die "$BUILD/$file is missing; run: cargo build --release"
done

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
abi=$(sed -n 's/^#define PERFVEC_ABI_VERSION \([0-9]*\)/\1/p' include/perfvec.h)
[ -n "$version" ] || die "no version in Cargo.toml"
[ -n "$abi" ] || die "no PERFVEC_ABI_VERSION in include/perfvec.h"
soname=libperfvec.so.${version%%.*}
if command -v objdump >/dev/null; then
    built=$(objdump -p "$BUILD/libperfvec.so" | sed -n 's/^ *SONAME *//p')
    [ "$built" = "$soname" ] || die "$BUILD/libperfvec.so has SONAME '$built', not $soname; build again"
fi

root=$DESTDIR$PREFIX
lib=$DESTDIR$LIBDIR
share=$root/share/perfvec
list=$share/installed.txt
mkdir -p "$share"
: >"$list"

# put MODE FROM TO: TO is the name without DESTDIR.
put() {
    mkdir -p "$(dirname "$DESTDIR$3")"
    # To a temporary name first: a program that has the old file mapped must keep it.
    install -m "$1" "$2" "$DESTDIR$3.new"
    mv -f "$DESTDIR$3.new" "$DESTDIR$3"
    echo "$3" >>"$list"
}

link() {
    ln -sfn "$1" "$DESTDIR$2"
    echo "$2" >>"$list"
}

# fill FROM TO: writes a template with its variables replaced.
fill() {
    mkdir -p "$(dirname "$DESTDIR$2")"
    sed -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" -e "s|@SONAME@|$soname|g" \
        -e "s|@LIBDIR@|$libdir_in_prefix|g" -e "s|@UP@|$up|g" "$1" >"$DESTDIR$2"
    chmod 644 "$DESTDIR$2"
    echo "$2" >>"$list"
}

# From LIBDIR back to PREFIX: one ".." for each folder between them.
up=$(echo "$libdir_in_prefix" | sed 's|[^/][^/]*|..|g')

for header in include/perfvec.h include/perfvec.hpp; do
    [ -f "$header" ] && put 644 "$header" "$PREFIX/$header"
done

put 755 "$BUILD/libperfvec.so" "$LIBDIR/libperfvec.so.$version"
link "libperfvec.so.$version" "$LIBDIR/$soname"
link "$soname" "$LIBDIR/libperfvec.so"
put 644 "$BUILD/libperfvec.a" "$LIBDIR/libperfvec.a"
put 755 "$BUILD/perfvec" "$PREFIX/bin/perfvec"
if [ "$STRIP" = 1 ]; then
    strip --strip-unneeded "$lib/libperfvec.so.$version" "$root/bin/perfvec"
    strip --strip-debug "$lib/libperfvec.a"
fi
for plugin in "$BUILD"/libperfvec_qemu*.so; do
    [ -f "$plugin" ] && put 755 "$plugin" "$LIBDIR/perfvec/$(basename "$plugin")"
done

fill packaging/perfvec.pc.in "$LIBDIR/pkgconfig/perfvec.pc"
fill packaging/perfvecConfig.cmake.in "$LIBDIR/cmake/perfvec/perfvecConfig.cmake"
fill packaging/perfvecConfigVersion.cmake.in "$LIBDIR/cmake/perfvec/perfvecConfigVersion.cmake"

model=perfvec-riscv64-1
for end in onnx safetensors; do
    if [ -f "onnx/$model.$end" ]; then
        put 644 "onnx/$model.$end" "$PREFIX/share/perfvec/$model.$end"
    else
        echo "install.sh: no onnx/$model.$end here; programs must name a model" >&2
    fi
done
# What `perfvec replay` prices where no trace is named.
[ ! -f examples/lua.pvt ] || put 644 examples/lua.pvt "$PREFIX/share/perfvec/lua.pvt"
if [ -d gem5-glue ]; then
    for file in gem5-glue/* gem5-glue/configs/*.py gem5-glue/configs/*.toml; do
        [ -f "$file" ] && put 644 "$file" "$PREFIX/share/perfvec/$file"
    done
fi
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE examples/README.md \
    examples/c/* examples/cpp/* examples/spike/*; do
    [ -f "$file" ] && put 644 "$file" "$PREFIX/share/doc/perfvec/$file"
done

# What the command can say of itself.
made=$(mktemp)
trap 'rm -f "$made"' EXIT
if "$BUILD/perfvec" man >"$made" 2>/dev/null; then
    put 644 "$made" "$PREFIX/share/man/man1/perfvec.1"
fi
for shell in bash:bash-completion/completions/perfvec zsh:zsh/site-functions/_perfvec \
    fish:fish/vendor_completions.d/perfvec.fish; do
    if "$BUILD/perfvec" completions "${shell%%:*}" >"$made" 2>/dev/null; then
        put 644 "$made" "$PREFIX/share/${shell#*:}"
    fi
done

echo "$PREFIX/share/perfvec/installed.txt" >>"$list"
echo "perfvec $version is in $root"
if [ -z "$DESTDIR" ] && [ "$(id -u)" = 0 ] && command -v ldconfig >/dev/null; then
    ldconfig
fi
