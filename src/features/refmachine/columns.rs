//! The columns of `perfvec-rm-2`.

use super::lanes::{Unit, MACHINES};
use crate::features::Feature;
use crate::inst::{InstFlags, OpClass, StaticInst};

/// Columns that a static instruction fixes.
pub const STATIC: usize = 26;
/// Columns that depend on the stream, without the reference machines.
pub const DYNAMIC: usize = 42;
/// All columns.
pub const COLUMNS: usize = STATIC + DYNAMIC + 2 * MACHINES;
/// First of the linear reference machine columns (cycles).
pub const REFERENCE: usize = STATIC + DYNAMIC;

const fn f(name: &'static str, unit: &'static str, max: f32, source: &'static str) -> Feature {
    Feature::new(name, unit, max, source)
}

const REF: &str = "from the retirement before to this one on reference machine NN";
const CYCLES: f32 = 1e6;

/// Unit of LRU depths. A schema's hash holds the units, so they never change.
const DEPTH: &str = "log2 ways / 4";

/// The columns in order.
#[rustfmt::skip]
pub static FEATURES: [Feature; COLUMNS] = [
    f("one", "constant", 1.0, "always 1"),
    f("op_alu", "flag", 1.0, "executes on an integer ALU, as branches do"),
    f("op_mul", "flag", 1.0, "integer multiplication, scalar or vector"),
    f("op_div", "flag", 1.0, "integer division, scalar or vector"),
    f("op_fadd", "flag", 1.0, "floating-point addition, comparison or conversion"),
    f("op_fmul", "flag", 1.0, "floating-point multiplication, also fused"),
    f("op_fdiv", "flag", 1.0, "floating-point division or square root"),
    f("op_load", "flag", 1.0, "reads memory"),
    f("op_store", "flag", 1.0, "writes memory"),
    f("op_float", "flag", 1.0, "floating-point op class, loads and stores included"),
    f("op_other", "flag", 1.0, "without an op class, or an unknown encoding"),
    f("atomic", "flag", 1.0, "AMO, load-reserved or store-conditional"),
    f("cond_ctrl", "flag", 1.0, "conditional branch"),
    f("uncond_ctrl", "flag", 1.0, "unconditional jump"),
    f("indirect_ctrl", "flag", 1.0, "indirect jump"),
    f("call", "flag", 1.0, "call"),
    f("return", "flag", 1.0, "return"),
    f("serialize", "flag", 1.0, "serialises the pipeline, before or after itself"),
    f("barrier", "flag", 1.0, "memory barrier"),
    f("non_speculative", "flag", 1.0, "must not execute speculatively"),
    f("micro_op", "flag", 1.0, "micro-op of a larger instruction"),
    f("vector", "flag", 1.0, "vector instruction"),
    f("short", "flag", 1.0, "encoding of 2 bytes"),
    f("sources", "quarters", 2.0, "source registers / 4"),
    f("destinations", "count", 6.0, "destination registers"),
    f("access_log", "log2 bytes / 4", 2.0, "size of the memory access"),

    f("taken", "flag", 1.0, "control left the fall-through path"),
    f("fetch_new", "flag", 1.0, "another 64-byte line than the retirement before"),
    f("fetch_64", DEPTH, 1.25, "LRU depth of the fetched line in its set, 64 sets; 0 in the line of the retirement before"),
    f("fetch_1024", DEPTH, 1.25, "the same with 1024 sets, which data accesses share"),
    f("btb", DEPTH, 1.25, "taken transfers: LRU depth in a branch target buffer of 256 sets"),
    f("miss_bimodal", "flag", 1.0, "a bimodal predictor of 4096 counters mispredicts the direction"),
    f("miss_gshare", "flag", 1.0, "a gshare predictor of 8192 counters mispredicts the direction"),
    f("miss_tage", "flag", 1.0, "a TAGE predictor of 4 tables mispredicts the direction"),
    f("miss_target", "flag", 1.0, "the target is mispredicted: of returns by a stack of 16, of indirect jumps by 512 path-indexed entries"),
    f("data_64", DEPTH, 1.25, "LRU depth of the data line in its set, 64 sets; 0 without an access"),
    f("data_256", DEPTH, 1.25, "the same with 256 sets"),
    f("data_1024", DEPTH, 1.25, "the same with 1024 sets, which fetches share"),
    f("data_4096", DEPTH, 1.25, "the same with 4096 sets, which fetches share"),
    f("data_64_over_2", "flag", 1.0, "misses 64 sets of 2 ways"),
    f("data_64_over_4", "flag", 1.0, "misses 64 sets of 4 ways"),
    f("data_64_over_8", "flag", 1.0, "misses 64 sets of 8 ways"),
    f("data_64_absent", "flag", 1.0, "misses 64 sets of 16 ways"),
    f("data_1024_over_4", "flag", 1.0, "misses 1024 sets of 4 ways"),
    f("data_1024_over_8", "flag", 1.0, "misses 1024 sets of 8 ways"),
    f("data_1024_absent", "flag", 1.0, "misses 1024 sets of 16 ways"),
    f("data_4096_over_8", "flag", 1.0, "misses 4096 sets of 8 ways"),
    f("data_4096_absent", "flag", 1.0, "misses 4096 sets of 16 ways"),
    f("stride_hit", "flag", 1.0, "the address that this instruction's stride predicted"),
    f("stride_log", "log2 bytes / 16", 2.1, "distance from this instruction's last address"),
    f("sequential", "flag", 1.0, "the line after one of the last lines accessed"),
    f("forward", "1 / retirements", 1.0, "loads: 1 / age of the last store to the same 8 bytes"),
    f("page", "log2 pages / 4", 1.25, "LRU depth of the 4 KiB page, fully associative"),
    f("same_row", "flag", 1.0, "of accesses that miss 1024 sets of 16 ways: the 4 KiB of the one before"),
    f("dep_near", "1 / retirements", 1.0, "1 / distance to the nearest producer of a source register"),
    f("dep_second", "1 / retirements", 1.0, "1 / distance to the second nearest"),
    f("dep_load", "flag", 1.0, "the nearest producer is a load"),
    f("dep_depth", DEPTH, 1.25, "data_64 of the nearest producer"),
    f("address_from_load", "flag", 1.0, "memory access whose nearest producer is a load"),
    f("since_miss", "log2 retirements / 16", 4.0, "distance to the last miss_tage or miss_target"),
    f("since_far", "log2 retirements / 16", 4.0, "distance to the last data_1024_absent"),

    f("miss_small", "flag", 1.0, "a bimodal predictor of 512 counters mispredicts the direction"),
    f("miss_last_target", "flag", 1.0, "as miss_target, but indirect jumps by their last target, 512 entries"),
    f("miss_few_targets", "flag", 1.0, "as miss_target, but indirect jumps by 32 path-indexed entries"),
    f("block_8", "flag", 1.0, "enters another block of 8 bytes"),
    f("block_16", "flag", 1.0, "enters another block of 16 bytes"),
    f("block_32", "flag", 1.0, "enters another block of 32 bytes"),
    f("conflict", "1 / retirements", 1.0, "loads: 1 / age of the last store to the same 16 bytes"),

    f("ref_00", "cycles", CYCLES, REF), f("ref_01", "cycles", CYCLES, REF), f("ref_02", "cycles", CYCLES, REF), f("ref_03", "cycles", CYCLES, REF),
    f("ref_04", "cycles", CYCLES, REF), f("ref_05", "cycles", CYCLES, REF), f("ref_06", "cycles", CYCLES, REF), f("ref_07", "cycles", CYCLES, REF),
    f("ref_08", "cycles", CYCLES, REF), f("ref_09", "cycles", CYCLES, REF), f("ref_10", "cycles", CYCLES, REF), f("ref_11", "cycles", CYCLES, REF),
    f("ref_12", "cycles", CYCLES, REF), f("ref_13", "cycles", CYCLES, REF), f("ref_14", "cycles", CYCLES, REF), f("ref_15", "cycles", CYCLES, REF),
    f("log_ref_00", "log2 cycles", 20.0, REF), f("log_ref_01", "log2 cycles", 20.0, REF), f("log_ref_02", "log2 cycles", 20.0, REF), f("log_ref_03", "log2 cycles", 20.0, REF),
    f("log_ref_04", "log2 cycles", 20.0, REF), f("log_ref_05", "log2 cycles", 20.0, REF), f("log_ref_06", "log2 cycles", 20.0, REF), f("log_ref_07", "log2 cycles", 20.0, REF),
    f("log_ref_08", "log2 cycles", 20.0, REF), f("log_ref_09", "log2 cycles", 20.0, REF), f("log_ref_10", "log2 cycles", 20.0, REF), f("log_ref_11", "log2 cycles", 20.0, REF),
    f("log_ref_12", "log2 cycles", 20.0, REF), f("log_ref_13", "log2 cycles", 20.0, REF), f("log_ref_14", "log2 cycles", 20.0, REF), f("log_ref_15", "log2 cycles", 20.0, REF),
];

/// The columns that `inst` fixes.
pub fn static_columns(inst: &StaticInst, unit: Unit) -> [f32; STATIC] {
    let has = |flags: InstFlags| f32::from(u8::from(inst.flags.intersects(flags)));
    let is = |b: bool| f32::from(u8::from(b));
    let name = inst.op.name();
    let other = matches!(inst.op, OpClass::No_OpClass | OpClass::IprAccess)
        || inst.flags.contains(InstFlags::UNKNOWN);
    [
        1.0,
        is(unit == Unit::Alu && !other),
        is(unit == Unit::Mul),
        is(unit == Unit::Div),
        is(unit == Unit::FpAdd),
        is(unit == Unit::FpMul),
        is(matches!(unit, Unit::FpDiv | Unit::FpSqrt)),
        has(InstFlags::LOAD),
        has(InstFlags::STORE),
        is(name.contains("Float")),
        is(other),
        has(InstFlags::ATOMIC | InstFlags::LOAD_RESERVED | InstFlags::STORE_CONDITIONAL),
        has(InstFlags::COND_CTRL),
        has(InstFlags::UNCOND_CTRL),
        has(InstFlags::INDIRECT_CTRL),
        has(InstFlags::CALL),
        has(InstFlags::RETURN),
        has(InstFlags::SERIALIZE_AFTER | InstFlags::SERIALIZE_BEFORE),
        has(InstFlags::READ_BARRIER | InstFlags::WRITE_BARRIER),
        has(InstFlags::NON_SPECULATIVE),
        has(InstFlags::MICRO_OP),
        has(InstFlags::VECTOR),
        is(inst.size == 2),
        f32::from(inst.num_src) / 4.0,
        f32::from(inst.num_dst),
        f32::from(inst.access_size.checked_ilog2().unwrap_or(0) as u8) / 4.0,
    ]
}
