#!/bin/sh
# Builds a release and packs it: dist/perfvec-VERSION-ARCH-linux.tar.gz. The oldest glibc that its
# files run on is told on standard output and in INSTALL.txt inside.
#
#   packaging/tarball.sh             builds first
#   BUILD=target/release NO_BUILD=1 packaging/tarball.sh
#
# The archive unpacks anywhere: pkg-config, CMake and the default model are found relative to it.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-target/release}
NO_BUILD=${NO_BUILD:-0}

if [ "$NO_BUILD" != 1 ]; then
    cargo build --release --locked
    make --no-print-directory plugin
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=perfvec-$version-$(uname -m)-linux
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR=$stage PREFIX=/$name LIBDIR=/$name/lib BUILD=$BUILD STRIP=1 packaging/install.sh
rm "$stage/$name/share/perfvec/installed.txt"
packaging/licences.py >"$stage/$name/share/doc/perfvec/THIRD-PARTY.txt"

# shellcheck disable=SC2046 # names without blanks, as install.sh puts them
glibc=$(packaging/oldest-glibc.sh $(find "$stage/$name/bin" "$stage/$name/lib" -type f \
    \( -name perfvec -o -name '*.so*' \)))
cat >"$stage/$name/INSTALL.txt" <<END
perfvec $version for Linux on $(uname -m). Needs glibc $glibc or newer.

Try it in place:       bin/perfvec replay
Price a program:       bin/perfvec run -- ./a.out    (needs qemu-riscv64, Debian's package qemu-user)
Compile against it:    PKG_CONFIG_PATH=\$PWD/lib/pkgconfig pkg-config --cflags --libs perfvec
                       cmake -DCMAKE_PREFIX_PATH=\$PWD ...
Run what you compiled: LD_LIBRARY_PATH=\$PWD/lib, or link with -Wl,-rpath
Install it:            copy bin, include, lib and share to a prefix such as /usr/local
END

mkdir -p dist
# Sorted names, no owners, one time stamp: the same build gives the same archive.
tar -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@"${SOURCE_DATE_EPOCH:-0}" \
    -cf - "$name" | gzip -9n >"dist/$name.tar.gz.new"
mv "dist/$name.tar.gz.new" "dist/$name.tar.gz"
(cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "dist/$name.tar.gz: $(wc -c <"dist/$name.tar.gz") bytes, needs glibc $glibc or newer"
