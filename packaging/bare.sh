#!/bin/sh
# Runs what tarball.sh packed in a bare Debian 12, or another system: no compiler, no package but the
# base system.
#
#   packaging/tarball.sh && sudo packaging/bare.sh [ROOT]
#
# ROOT is where the system goes, made by debootstrap unless it is there (default: a new folder). An
# Ubuntu 24.04: debootstrap --variant=minbase --foreign noble ROOT http://archive.ubuntu.com/ubuntu
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "bare.sh: chroot needs root" >&2; exit 1; }
archive=$(ls -t dist/perfvec-*-"$(uname -m)"-linux.tar.gz | head -n 1)
root=${1:-$(mktemp -d)/debian}
if [ ! -d "$root/usr" ]; then
    command -v debootstrap >/dev/null || { echo "bare.sh: install debootstrap" >&2; exit 1; }
    debootstrap --variant=minbase bookworm "$root"
fi
rm -rf "$root/opt/perfvec"
mkdir -p "$root/opt/perfvec"
tar -C "$root/opt/perfvec" --strip-components=1 -xzf "$archive"
cc -O1 -Iinclude examples/c/toy_simulator.c -L"$root/opt/perfvec/lib" -lperfvec -o "$root/tmp/toy"
# The command finds what lies beside it by way of /proc; debootstrap may leave a link to the host's.
if [ -L "$root/proc" ]; then
    rm "$root/proc"
    mkdir "$root/proc"
fi
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
run() {
    chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LD_LIBRARY_PATH=/opt/perfvec/lib "$@"
}
run grep PRETTY_NAME /etc/os-release
run /opt/perfvec/bin/perfvec --version
run /opt/perfvec/bin/perfvec replay --only like
run /tmp/toy | tail -n 3
echo "bare.sh: all well"
