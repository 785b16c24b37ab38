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
    Feature {
        name,
        unit,
        min: 0.0,
        max,
        source,
    }
}

const INST: &str = "static instruction";
const CACHE: &str = "depth in an LRU set (Mattson et al. 1970)";
const BRANCH: &str = "reference branch predictor";
const DEP: &str = "register dependence";
const REF: &str = "reference machine";
const FETCH: &str = "first of its block of so many bytes";
const CYCLES: f32 = 1e6;

/// The columns in order.
#[rustfmt::skip]
pub static FEATURES: [Feature; COLUMNS] = [
    f("one", "constant", 1.0, INST),
    f("op_alu", "flag", 1.0, INST), f("op_mul", "flag", 1.0, INST), f("op_div", "flag", 1.0, INST),
    f("op_fadd", "flag", 1.0, INST), f("op_fmul", "flag", 1.0, INST), f("op_fdiv", "flag", 1.0, INST),
    f("op_load", "flag", 1.0, INST), f("op_store", "flag", 1.0, INST), f("op_float", "flag", 1.0, INST),
    f("op_other", "flag", 1.0, INST), f("atomic", "flag", 1.0, INST), f("cond_ctrl", "flag", 1.0, INST),
    f("uncond_ctrl", "flag", 1.0, INST), f("indirect_ctrl", "flag", 1.0, INST), f("call", "flag", 1.0, INST),
    f("return", "flag", 1.0, INST), f("serialize", "flag", 1.0, INST), f("barrier", "flag", 1.0, INST),
    f("non_speculative", "flag", 1.0, INST), f("micro_op", "flag", 1.0, INST), f("vector", "flag", 1.0, INST),
    f("short", "flag", 1.0, INST), f("sources", "quarters", 2.0, INST), f("destinations", "count", 6.0, INST),
    f("access_log", "log2 bytes / 4", 2.0, INST),

    f("taken", "flag", 1.0, "outcome"),
    f("fetch_new", "flag", 1.0, CACHE), f("fetch_64", "log2 ways / 4", 1.25, CACHE),
    f("fetch_1024", "log2 ways / 4", 1.25, CACHE), f("btb", "log2 ways / 4", 1.25, BRANCH),
    f("miss_bimodal", "flag", 1.0, BRANCH), f("miss_gshare", "flag", 1.0, BRANCH),
    f("miss_tage", "flag", 1.0, BRANCH), f("miss_target", "flag", 1.0, BRANCH),
    f("data_64", "log2 ways / 4", 1.25, CACHE), f("data_256", "log2 ways / 4", 1.25, CACHE),
    f("data_1024", "log2 ways / 4", 1.25, CACHE), f("data_4096", "log2 ways / 4", 1.25, CACHE),
    f("data_64_over_2", "flag", 1.0, CACHE), f("data_64_over_4", "flag", 1.0, CACHE),
    f("data_64_over_8", "flag", 1.0, CACHE), f("data_64_absent", "flag", 1.0, CACHE),
    f("data_1024_over_4", "flag", 1.0, CACHE), f("data_1024_over_8", "flag", 1.0, CACHE),
    f("data_1024_absent", "flag", 1.0, CACHE), f("data_4096_over_8", "flag", 1.0, CACHE),
    f("data_4096_absent", "flag", 1.0, CACHE),
    f("stride_hit", "flag", 1.0, "stride of this pc"), f("stride_log", "log2 bytes / 16", 2.1, "stride of this pc"),
    f("sequential", "flag", 1.0, "line after a recent one"), f("forward", "1 / retirements", 1.0, "store to the same 8 bytes"),
    f("page", "log2 pages / 4", 1.25, CACHE), f("same_row", "flag", 1.0, "4 KiB of the last far access"),
    f("dep_near", "1 / retirements", 1.0, DEP), f("dep_second", "1 / retirements", 1.0, DEP),
    f("dep_load", "flag", 1.0, DEP), f("dep_depth", "log2 ways / 4", 1.25, DEP), f("address_from_load", "flag", 1.0, DEP),
    f("since_miss", "log2 retirements / 16", 4.0, BRANCH), f("since_far", "log2 retirements / 16", 4.0, CACHE),

    f("miss_small", "flag", 1.0, BRANCH), f("miss_last_target", "flag", 1.0, BRANCH),
    f("miss_few_targets", "flag", 1.0, BRANCH),
    f("block_8", "flag", 1.0, FETCH), f("block_16", "flag", 1.0, FETCH), f("block_32", "flag", 1.0, FETCH),
    f("conflict", "1 / retirements", 1.0, "store to the same 16 bytes"),

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
