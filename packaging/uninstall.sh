#!/bin/sh
# Removes what install.sh put into PREFIX (and DESTDIR), by its list, and the folders left empty.
set -eu
PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
list=$DESTDIR$PREFIX/share/perfvec/installed.txt
if [ ! -f "$list" ]; then
    echo "uninstall.sh: $list is missing; was perfvec installed into $PREFIX?" >&2
    exit 1
fi
files=$(cat "$list")
for file in $files; do
    rm -f "$DESTDIR$file"
done
# Only folders of our own; deepest first.
for folder in $(for file in $files; do dirname "$file"; done | sort -ru); do
    case $folder in
    */perfvec | */perfvec/*) rmdir "$DESTDIR$folder" 2>/dev/null || true ;;
    esac
done
