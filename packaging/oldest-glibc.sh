#!/bin/sh
# Prints the oldest glibc that has every symbol version which the given ELF files ask for.
set -eu
[ $# -gt 0 ] || { echo "usage: oldest-glibc.sh FILE..." >&2; exit 2; }
for file; do
    objdump -T "$file"
done | sed -n 's/.*(\{0,1\}GLIBC_\([0-9][0-9.]*\))\{0,1\} .*/\1/p' | sort -uV | tail -n 1
