# Cores priced by their own parameters: where cycles went, and the core that a configuration itself
# describes. Sourced by tests/gem5.sh.

printf '[small]\nlike = "boom-small-like"\n[little]\nlike = "rocket-like"\n' > "$work/cores.toml"
if command -v riscv64-linux-gnu-gcc > /dev/null; then
    riscv64-linux-gnu-gcc -O1 -static tests/gem5/phases.c -o "$work/phases"
fi
run stacks --model "$work/cores.toml"
run stacks-pair --model "$work/cores.toml" --cpus 2
run stacks-every --model "$work/cores.toml" --every 50000 --reset
python3 - "$work" <<'PY'
import sys
def dumps(name):
    text = open(f"{sys.argv[1]}/{name}/stats.txt").read()
    for dump in text.split("Begin Simulation Statistics")[1:]:
        rows = (line.split() for line in dump.splitlines())
        yield {row[0]: float(row[1]) for row in rows if len(row) > 1 and "." in row[0]}
def parts(stats, group):
    prefix = f"{group}.stack::"
    return {n.removeprefix(prefix): v for n, v in stats.items()
            if n.startswith(prefix) and not n.endswith("total")}
def near(a, b):
    # Statistics are printed with six decimals.
    return abs(a - b) <= 1e-6 * abs(b) + 1e-4
(whole,), (pair,), every = (list(dumps(n)) for n in ("stacks", "stacks-pair", "stacks-every"))
assert len(every) > 4
for core in ("small", "little"):
    group = f"system.cpu.tracer.{core}"
    stack = parts(whole, group)
    assert len(stack) == 11 and sum(v > 0 for v in stack.values()) >= 5, stack
    assert near(sum(stack.values()), whole[f"{group}.cycles"]), (core, stack)
    assert near(whole[f"{group}.stack::total"], whole[f"{group}.cycles"])
    assert 0.005 < whole[f"{group}.error90"] < 0.5
    for part, cycles in stack.items():
        # After each reset the next interval's alone.
        assert near(sum(parts(d, group)[part] for d in every), cycles), (core, part)
        assert near(parts(pair, f"system.totals.{core}")[part], 2 * cycles), (core, part)
    both = pair[f"system.totals.{core}.error90"]
    assert near(both, whole[f"{group}.error90"]), both
    print(core, {part: round(100 * v / sum(stack.values())) for part, v in stack.items()})
PY
pass "the parts of each core add up to its estimate, over resets and over CPUs"

if [ ! -x "$work/phases" ]; then
    skip "the core of a configuration: no riscv64-linux-gnu-gcc"
    return
fi
own() { # own OUTDIR OPTION ...: own_core.py
    local out=$work/$1; shift
    gem5 "$out" "$glue/configs/own_core.py" "$@" -- "$work/phases" || {
        tail -20 "$out/log"; fail "own_core.py $*"; }
}
told() { sed -n "s/.*: \([0-9]*\) cycles $2/\1/p" "$work/$1/log"; }
for core in boom-small-like rocket-like; do
    own own --core $core
    own detailed --core $core --detailed
    [ "$(told own estimated)" = "$(told detailed estimated)" ] \
        || fail "$core: $(told own estimated) with the atomic CPU, $(told detailed estimated) with itself"
    python3 - "$core" "$(told own estimated)" "$(told detailed taken)" <<'PY'
import sys
core, estimated, taken = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print(f"{core}: {estimated} cycles estimated with the atomic CPU, {taken} taken by itself")
assert abs(estimated / taken - 1) < 0.08
PY
done
pass "the core that a configuration describes is priced while the atomic CPU runs"

# The rules are those of this gem5: whichever they are, the others are further off its O3.
own gem5 --core boom-small-like --rules gem5
own stock --core boom-small-like --rules gem5-stock
own o3 --core boom-small-like --detailed
python3 - "$(told o3 taken)" "$(told o3 estimated)" "$(told gem5 estimated)" "$(told stock estimated)" <<'PY'
import sys
taken, looked, mended, stock = map(int, sys.argv[1:])
print(f"{taken} cycles taken; estimated {looked}; with the flaw mended {mended}, in stock {stock}")
assert mended != stock and looked in (mended, stock)
other = stock if looked == mended else mended
assert abs(looked - taken) < abs(other - taken)
PY
expect "pass \"gem5\", \"gem5-stock\" or" "$glue/configs/own_core.py" --core rocket-like \
    --rules gem6 -- "$PROGRAM"
expect "no O3 or Minor CPU: it has only system.cpu, of type" "$glue/configs/estimate.py" \
    --model self -- "$PROGRAM"
pass "cores follow the rules of the gem5 that runs"
