#!/bin/sh
# Puts a row into a table of tests/README.md, in place of the one whose first cell is the same:
#
#   tests/write_row.sh "| NAME | ... |"
set -eu
cd "$(dirname "$0")"
ROW=$1 awk -F'|' '
    BEGIN { row = ENVIRON["ROW"]; split(row, cells, "|") }
    $2 == cells[2] && NF > 2 { print row; found = 1; next }
    { print }
    END { exit !found }
' README.md >README.md.new || { rm -f README.md.new; echo "write_row.sh: no such row: $1" >&2; exit 1; }
mv README.md.new README.md
