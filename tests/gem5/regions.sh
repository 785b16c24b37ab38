# The same region under gem5 and under QEMU: the same retirements in its recording, and the same
# number of them in the estimate. Sourced by tests/gem5.sh.

same_region() { # same_region RETIREMENTS OPTION ...
    local count=$1 q=$work/region.qemu.pvt g=$work/region.gem5.pvt; shift
    "$perfvec" record --no-progress -o "$q" "$@" -- "$work/region" 2> "$q.err" || {
        cat "$q.err"; fail "record $*"; }
    gem5 "$work/region.dir" "$glue/configs/estimate.py" --model tests/data/capi/tiny.onnx \
        --record "$g" "$@" -- "$work/region" || {
        tail -20 "$work/region.dir/log"; fail "estimate.py $*"; }
    "$perfvec" diff --ignore-addresses "$q" "$g" > "$work/region.diff" || {
        cat "$work/region.diff"; fail "the region $* is another under QEMU"; }
    grep -q "the traces have $count and $count retirements" "$work/region.diff" || {
        cat "$work/region.diff"; fail "the region $* has not $count retirements"; }
    grep -Eq "tracer.retired +$count " "$work/region.dir/stats.txt" || {
        grep tracer.retired "$work/region.dir/stats.txt"; fail "estimate of the region $*"; }
}

if ! { command -v qemu-riscv64 && command -v riscv64-linux-gnu-gcc; } > /dev/null; then
    skip "regions: no qemu-riscv64 or no riscv64-linux-gnu-gcc"
elif [ ! -x $perfvec ]; then
    skip "regions: no $perfvec (make build)"
else
    riscv64-linux-gnu-gcc -O1 -static tests/qemu/region.c -o "$work/region"
    at() { riscv64-linux-gnu-nm "$work/region" | awk -v name="$1" '$3 == name { print "0x" $1 }'; }
    # Counted by hand in tests/hosts/regions.rs.
    same_region 603 --markers
    same_region 20 --from "$(at trip):11" --until "$(at trip):21"
    same_region 3 --from "$(at measured)" --until "$(at trip)"
    same_region 200 --from "$(at measured):3" --skip 3 --first 200
    gem5 "$work/region.dir" "$glue/configs/estimate.py" --model tests/data/capi/tiny.onnx \
        --work-items --skip 3 -- "$work/region" && fail "work items and a region"
    grep -q "exclude each other" "$work/region.dir/log" || fail "work items and a region: told so"
    pass "regions are the same under QEMU and gem5"
fi
