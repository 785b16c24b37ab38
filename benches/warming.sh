#!/bin/bash
# The table on bounded warming in the book's chapter "How it works": rate and error, over the
# validation programs (3 to 8 million instructions) and over long ones. Needs `make build`; builds
# the programs and records them into target/warming (30 MB). Takes about ten minutes.
# PERFVEC_MODEL chooses another model.
set -euo pipefail
cd "$(dirname "$0")/.."
traces=target/warming
mkdir -p $traces
short=(expat_parse:O2:1:600 libdeflate_codec:O2:24000:6 nlopt_fit:O2:8:12000 othello:O2:1:6:5
    suffix_array:O2:7000:4 simplex_lp:O3:40:60:4 event_sim:O2:1:20:9000 cpu_emulator:O2:1:100000)
long=(sqlite_bank:O2:5000:0 lua_scripts:O2:0:9 janet_run:O2:23)

# Records the programs and leaves their traces in `files`.
record() {
    files=()
    local program
    for program in "$@"; do
        IFS=: read -ra words <<<"$program"
        local file=$traces/${words[0]}.pvt
        [ -f "$file" ] || target/release/perfvec record -o "$file" -- \
            "target/workloads/bin/${words[0]}.${words[1]}" "${words[@]:2}" >/dev/null
        files+=("$file")
    done
}

names=$(printf '%s\n' "${short[@]}" "${long[@]}" | cut -d: -f1 | paste -sd'|')
python3 onnx/workloads/build.py --only "^($names)-"
record "${short[@]}"
echo "== validation programs, four seeds"
cargo bench -q --bench warming -- --seeds 4 "${files[@]}"
record "${long[@]}"
echo "== long programs"
cargo bench -q --bench warming -- "${files[@]}"
