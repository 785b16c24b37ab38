#!/bin/bash
# Mutation testing: cargo-mutants changes one place of the code at a time, and a test must notice.
#
#   tests/mutants.sh PLACE [SHARE]   the mutants of a place: features, sampling, session, microarch,
#                                    model/native, twin, trace, isa, rest (all else of src/)
#   tests/mutants.sh all [SHARE]     every place in turn: all of src/, which takes days
#   tests/mutants.sh gate            four of the first five, others at each commit
#
# SHARE is such as 0/40: the first and each fortieth after it. Of a place only its own tests run, so
# that another test may notice what survives here: unit tests first, and on what survives these the
# programs of tests/. Survivors are printed, and stay with the logs in target/mutants/PLACE. Fails where
# less than LEAST percent (85) are killed.
#
# Works on a copy of the tree in target/mutants/tree.
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

# What is changed, the unit tests and the programs of tests/ that run, of both the tests whose names hold
# one of the words.
files="--file src/$place/**"
case $place in
    features) programs="--test features" names="features:: golden:: perfvec51:: stack_distance::" ;;
    sampling | session) programs="" names="sampling:: session::" ;;
    microarch) programs="--test microarch" names="microarch:: calibrate:: estimate:: files:: golden::" ;;
    model/native) programs="--test engine" names="model:: models:: lanes::" ;;
    twin) programs="" names="twin::" ;;
    trace) programs="--test trace" names="" ;;
    isa) programs="--test isa" names="" ;;
    rest)
        programs="--tests" names=""
        files="--file src/**"
        for other in features sampling session microarch model/native twin trace isa; do
            files+=" --exclude src/$other/**"
        done ;;
    gate)
        programs="" names="features:: sampling:: session:: microarch:: model::"
        files=
        for one in features sampling session microarch model/native; do
            files+=" --file src/$one/**"
        done
        share=$(($(git rev-list --count HEAD) % 850))/850 ;;
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
# The tests need no shared and no static library, and unit tests not the one of the tests' own crate:
# they would be made for each mutant.
cp "$tree/Cargo.toml" "$out/Cargo.toml"
[ "$place" = rest ] || sed -i 's/^crate-type = .*/crate-type = ["rlib"]/' "$out/Cargo.toml"
sed '/^perfvec-test-support = /d' "$out/Cargo.toml" >"$tree/Cargo.toml"
# What it depends on is built there already, or will be needed. Of the crate itself a tenth is compiled
# again for a mutant where nothing is optimised across its units of code.
printf '#!/bin/sh\nexec "$@" -C lto=off\n' >target/mutants/rustc
chmod +x target/mutants/rustc
export CARGO_TARGET_DIR=$PWD/target CARGO_INCREMENTAL=1 RUSTC_WORKSPACE_WRAPPER=$PWD/target/mutants/rustc

set -f # the patterns are cargo-mutants' to expand
count() { cat "$out/mutants.out/$1.txt" | wc -l; }
which=(${share:+--shard "$share" --sharding round-robin})
mutants() { # mutants PROGRAM...: of those that `which` says
    local status=0
    (cd "$tree" && cargo mutants --in-place $files "${which[@]}" --output "$out" --no-shuffle \
        --colors never $(printf -- '--cargo-arg=%s ' "$@") -- -- $names) || status=$?
    # 2: some survived, which is counted below. 3: some ran into the time limit, which is being noticed.
    case $status in 0 | 2 | 3) ;; *) exit $status ;; esac
}
mutants --lib
killed=$(($(count caught) + $(count timeout))) missed=$(count missed) unviable=$(count unviable)
tested=$((killed + missed))
[ "$tested" -gt 0 ] || { echo "mutants.sh: no mutant in share $share of $place" >&2; exit 1; }
if [ -n "$programs" ] && [ "$missed" -gt 0 ]; then
    cp "$out/Cargo.toml" "$tree/Cargo.toml"
    cp "$out/mutants.out/missed.txt" "$out/missed.txt"
    which=()
    while IFS= read -r name; do which+=(--re "^$name\$"); done < <(
        sed 's/[][\\.*^$(){}?+|]/\\&/g' "$out/missed.txt")
    mutants $programs
    # A few that no pattern asked for may have been tried as well.
    killed=$((tested - $(grep -cxFf "$out/missed.txt" "$out/mutants.out/missed.txt" || true)))
fi
echo "$place ${share:-whole}: $killed of $tested killed ($((100 * killed / tested)) %), $unviable do not compile"
case $place in
    features | sampling | session | microarch | model/native)
        all=$(cd "$tree" && cargo mutants --list $files | wc -l)
        tests/write_row.sh "| $place | $(date -u +%F) | $(git rev-parse --short HEAD) | $all | $tested | $killed | $((100 * killed / tested)) % |" ;;
esac
[ $((100 * killed)) -ge $((least * tested)) ] || { echo "mutants.sh: less than $least %" >&2; exit 1; }
