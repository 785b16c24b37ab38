# The same binary under gem5 and under QEMU: the same retirements and the same features from
# main() on. Sourced by tests/gem5.sh; gem5-glue/README.md lists what the two emulate differently.
#
# Both start the program without arguments and with one environment variable. Its length makes the
# stacks lie at the same places of their pages and, as far as it can, of larger powers of two: cache
# sets are then the same, and so are the features.

under_qemu() { # under_qemu BINARY TRACE PAD
    env -i "PAD=$3" "$perfvec" record --qemu "$(command -v qemu-riscv64)" --no-progress -o "$2" \
        -- "$1" > "$2.out" 2> "$2.err" || { cat "$2.err"; fail "$1 under QEMU"; }
}

under_gem5() { # under_gem5 BINARY TRACE PAD [LIMIT]
    python3 - "$@" "$(core_of rocket-like)" > "$2.json" <<'PY'
import json, sys
binary, trace, pad, limit, core = sys.argv[1:]
print(json.dumps({"name": "test", "command": [binary], "mode": "stream", "trace": trace,
                  "core": json.loads(core), "env": [f"PAD={pad}"], "output": f"{trace}.out",
                  "limit": int(limit)}))
PY
    gem5 "$2.dir" --path="$glue/configs" "$job" "$2.json" || {
        tail -20 "$2.dir/log"; fail "$1 under gem5"; }
}

padding() { # padding DIFF: what QEMU's PAD needs for the stacks to lie alike
    python3 - "$1" <<'PY'
import re, sys
# The first access of a process is to argc, where the stack pointer points.
qemu, gem5 = (int(at, 16) for at in re.findall(r"address=(0x[0-9a-f]+)", open(sys.argv[1]).read()))
# Linux allows strings of 128 KiB.
print("x" * (1 + next(d for bits in range(23, 11, -1) if (d := (qemu - gem5) % (1 << bits)) < 100000)))
PY
}

symbol() { riscv64-linux-gnu-nm "$1" | awk -v name="$2" '$3 == name { print "0x" $1 }'; }

same_on_both() { # same_on_both BINARY NAME
    local binary=$1 q=$work/$2.qemu.pvt g=$work/$2.gem5.pvt main
    main=$(symbol "$binary" main)
    under_qemu "$binary" "$q" x
    under_gem5 "$binary" "$g" x 100
    "$perfvec" diff --context 0 "$q" "$g" > "$work/start" || true
    under_qemu "$binary" "$q" "$(padding "$work/start")"
    under_gem5 "$binary" "$g" x 0
    cmp "$q.out" "$g.out" || fail "$2 prints something else under QEMU"
    "$perfvec" diff --from "$main" --moved-pages --context 0 "$q" "$g" > "$work/$2.diff" || true
    "$perfvec" info --json "$q" > "$work/$2.info"
    python3 - "$binary" "$work/$2.diff" "$work/$2.info" <<'PY' || fail "$2: streams differ"
import json, re, subprocess, sys
binary, text = sys.argv[1], open(sys.argv[2]).read()
if not text.startswith("same stream from "):
    # stdio asks fstat() how large the buffer of standard output should be.
    symbols = subprocess.run(["riscv64-linux-gnu-nm", "-n", binary], capture_output=True, text=True)
    rows = [row.split() for row in symbols.stdout.splitlines()]
    index, at = re.search(r"^a +(\d+) (0x[0-9a-f]+)", text, re.M).groups()
    at = int(at, 16)
    whole = json.load(open(sys.argv[3]))["retirements"]
    name = [row[2] for row in rows if len(row) == 3 and int(row[0], 16) <= at][-1]
    assert ": outcome\n" in text and name == "_IO_file_doallocate", f"in {name}:\n{text}"
    assert int(index) > 0.95 * whole, f"they part at {index} of {whole}"
PY
    same_features "$2" "$q" "$g"
}

same_features() { # same_features NAME QEMU GEM5, after same_on_both's diff
    local schema
    for schema in perfvec-51 "$("$perfvec" info onnx/perfvec-riscv64-1.onnx | awk '/^schema/ {sub(",", "", $2); print $2}')"; do
        python3 tests/gem5/same_features.py "$perfvec" "$schema" "$work/$1.diff" "$2" "$3" \
            || fail "$1: features of $schema differ"
    done
}

if ! { command -v qemu-riscv64 && command -v riscv64-linux-gnu-gcc; } > /dev/null; then
    skip "gem5 against QEMU: no qemu-riscv64 or no riscv64-linux-gnu-gcc"
elif [ ! -x $perfvec ]; then
    skip "gem5 against QEMU: no $perfvec (make build)"
else
    cat > "$work/hosts.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
static char buffer[4096];
int main(void) {
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    unsigned state = 1, *table = calloc(5000, sizeof *table);
    for (int i = 0; i < 60000; i++) {
        state = state * 1103515245u + 12345u;
        if (state >> 31) table[(state >> 8) % 5000] ^= state;
        else __atomic_fetch_add(&table[i % 5000], 1, __ATOMIC_SEQ_CST);
    }
    for (int i = 0; i < 5000; i += 500) printf("%u %g\n", table[i], table[i] / 3.0);
    return 0;
}
C
    riscv64-linux-gnu-gcc -O2 -static "$work/hosts.c" -o "$work/hosts"
    same_on_both "$work/hosts" hosts
    grep -q "^same stream" "$work/hosts.diff" || { cat "$work/hosts.diff"; fail "not to the end"; }
    pass "the same stream under QEMU from main() to the end"
    bins=${WORKLOADS:-target/workloads}/bin
    for program in sqlite_bank lua_scripts zlib_codec; do
        if [ -f "$bins/$program.O2" ]; then
            same_on_both "$(realpath "$bins/$program.O2")" $program
            pass "$program: the same under QEMU from main() until it prints"
        else
            skip "$program: build it with onnx/workloads/build.py, or set WORKLOADS to its output"
        fi
    done
fi
