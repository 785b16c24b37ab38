#!/bin/bash
# Mutation testing: cargo-mutants changes one place of the code at a time, and a test must notice.
#
#   tests/mutants.sh PLACE [SHARE]   the mutants of a place: features, sampling, session, microarch,
#                                    model/native, twin, trace, isa, rest (all else of src/)
#   tests/mutants.sh all [SHARE]     every place in turn: all of src/, which takes days
#   tests/mutants.sh gate            a few of the first five, in minutes on an idle machine
#
# SHARE is such as 0/40: the first and each fortieth after it. Of a place only its own tests run, so
# that another test may notice what survives here. Survivors are printed, and stay with the logs in
# target/mutants/PLACE. Fails where less than LEAST percent (85) are killed.
#
# Works on a copy of the tree in target/mutants/tree, and keeps what it built there.
set -euo pipefail
cd "$(dirname "$0")/.."
least=${LEAST:-85}
place=${1:-} share=${2:-}
[ -n "$place" ] || { sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2; }

if [ "$place" = all ]; then
    failed=
    for place in features sampling session microarch model/native twin trace isa rest; do
        "$0" "$place" $share || failed+=" $place"
    done
    [ -z "$failed" ] || { echo "mutants.sh: too many survive in:$failed" >&2; exit 1; }
    exit
fi

# What is changed, the programs of tests, and of these the tests whose names hold one of the words.
files="--file src/$place/**"
case $place in
    features) programs="--lib --test features" names="features:: golden:: perfvec51:: stack_distance::" ;;
    sampling | session) programs="--lib" names="sampling:: session::" ;;
    microarch) programs="--lib --test microarch" names="microarch:: calibrate:: estimate:: files:: golden::" ;;
    model/native) programs="--lib --test engine" names="model:: models:: lanes::" ;;
    twin) programs="--lib" names="twin::" ;;
    trace) programs="--lib --test trace" names="" ;;
    isa) programs="--lib --test isa" names="" ;;
    rest)
        programs="--lib --tests" names=""
        files="--file src/**"
        for other in features sampling session microarch model/native twin trace isa; do
            files+=" --exclude src/$other/**"
        done ;;
    gate)
        programs="--lib" names="features:: sampling:: session:: microarch:: model::"
        files=
        for one in features sampling session microarch model/native; do
            files+=" --file src/$one/**"
        done
        share=0/400 ;;
    *) echo "mutants.sh: no place $place" >&2; exit 2 ;;
esac

command -v cargo-mutants >/dev/null || export PATH=$PWD/target/tools/bin:$PATH
command -v cargo-mutants >/dev/null || cargo install --quiet --locked --root target/tools cargo-mutants

# Files keep their times, so that only what changed is built again.
out=$PWD/target/mutants/$place tree=$PWD/target/mutants/tree
rm -rf "$out" "$tree"
mkdir -p "$out" "$tree"
git ls-files -z --cached --others --exclude-standard |
    tar --null --files-from=- --create --ignore-failed-read | tar --extract --directory "$tree"
# What these tests do not need would be made for each mutant: the shared and the static library, and,
# for unit tests alone, the library that the tests' own crate is linked to.
[ "$place" = rest ] || sed -i 's/^crate-type = .*/crate-type = ["rlib"]/' "$tree/Cargo.toml"
[ "$programs" != --lib ] || sed -i '/^perfvec-test-support = /d' "$tree/Cargo.toml"
export CARGO_TARGET_DIR=$PWD/target/mutants/build

set -f # the patterns are cargo-mutants' to expand
status=0
(cd "$tree" && cargo mutants --in-place $files ${share:+--shard "$share" --sharding round-robin} \
    --output "$out" --no-shuffle --colors never $(printf -- '--cargo-arg=%s ' $programs) -- -- $names) ||
    status=$?
# 2: some survived, which is counted below. 3: some ran into the time limit, which is being noticed.
case $status in 0 | 2 | 3) ;; *) exit $status ;; esac
count() { wc -l <"$out/mutants.out/$1.txt"; }
killed=$(($(count caught) + $(count timeout))) missed=$(count missed)
tested=$((killed + missed))
[ "$tested" -gt 0 ] || { echo "mutants.sh: no mutant in share $share of $place" >&2; exit 1; }
echo "$place ${share:-whole}: $killed of $tested killed ($((100 * killed / tested)) %), $(count unviable) do not compile"
case $place in
    features | sampling | session | microarch | model/native)
        all=$(cd "$tree" && cargo mutants --list $files | wc -l)
        tests/write_row.sh "| $place | $(date -u +%F) | $(git rev-parse --short HEAD) | $all | $tested | $killed | $((100 * killed / tested)) % |" ;;
esac
[ $((100 * killed)) -ge $((least * tested)) ] || { echo "mutants.sh: less than $least %" >&2; exit 1; }
