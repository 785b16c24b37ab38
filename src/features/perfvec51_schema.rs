//! The columns of `perfvec-51`.

use super::{same_address, Feature, Schema};

/// Largest stack distance, in lines; also that of a line never seen.
pub const MAX_DISTANCE: u32 = 100_000_000;

/// The schema's name.
pub const NAME: &str = "perfvec-51";

/// The schema: the published extractor's columns in its order.
pub static SCHEMA: Schema = Schema {
    name: NAME,
    features: &FEATURES,
};

/// First column of the (class, index) pairs of the source registers.
pub(super) const SOURCES: usize = 23;
/// First column of the (class, index) pairs of the destination registers.
pub(super) const DESTINATIONS: usize = 39;
/// Number of columns.
pub(super) const LEN: usize = 51;

const fn column(name: &'static str, unit: &'static str, max: f32, source: &'static str) -> Feature {
    Feature::new(name, unit, max, source)
}

const fn flag(name: &'static str, source: &'static str) -> Feature {
    column(name, "flag", 1.0, source)
}

const fn reg_class(name: &'static str) -> Feature {
    column(
        name,
        "class",
        8.0,
        "register class + 1; 0 without a register",
    )
}

const fn reg_index(name: &'static str) -> Feature {
    column(
        name,
        "index",
        65536.0,
        "register index + 1; 0 without a register",
    )
}

const fn distance(name: &'static str, min: f32, source: &'static str) -> Feature {
    Feature {
        name,
        unit: "lines",
        min,
        max: MAX_DISTANCE as f32,
        source,
    }
}

/// ln 2: the entropy of an outcome that is as often taken as not.
const LN_2: f32 = std::f32::consts::LN_2;

static FEATURES: [Feature; LEN] = [
    flag("fault", "the retirement records a faulting instruction"),
    column("op", "class", 256.0, "op class + 1"),
    flag("store", "flag STORE without STORE_CONDITIONAL and ATOMIC"),
    flag("load", "op class is MemRead"),
    flag("micro_op", "flag MICRO_OP"),
    flag("cond_ctrl", "flag COND_CTRL"),
    flag("uncond_ctrl", "flag UNCOND_CTRL"),
    flag("direct_ctrl", "flag DIRECT_CTRL"),
    flag("squash_after", "flag SQUASH_AFTER"),
    flag("serialize_after", "flag SERIALIZE_AFTER"),
    flag("serialize_before", "flag SERIALIZE_BEFORE"),
    column(
        "store_conditional",
        "count",
        3.0,
        "flag STORE_CONDITIONAL, + 2 with flag ATOMIC",
    ),
    flag("read_barrier", "flag READ_BARRIER"),
    flag("write_barrier", "flag WRITE_BARRIER"),
    flag("non_speculative", "flag NON_SPECULATIVE"),
    flag("taken", "control left the fall-through path"),
    column(
        "entropy_before",
        "nats",
        LN_2,
        "conditional branches: entropy of the last 8 outcomes at this pc, without this one",
    ),
    column("entropy_after", "nats", LN_2, "the same with this outcome"),
    distance("fetch_distance", 1.0, "stack distance of the fetched line"),
    flag("memory", "flag LOAD or STORE without NO_ADDRESS"),
    distance(
        "load_distance",
        0.0,
        "accesses: stack distance of the line among those of op class MemRead",
    ),
    distance(
        "store_distance",
        0.0,
        "accesses: stack distance of the line among the others",
    ),
    column(
        "same_address_distance",
        "retirements",
        same_address::CAP as f32,
        "accesses: since the last one to the same address",
    ),
    reg_class("src0_class"),
    reg_index("src0_index"),
    reg_class("src1_class"),
    reg_index("src1_index"),
    reg_class("src2_class"),
    reg_index("src2_index"),
    reg_class("src3_class"),
    reg_index("src3_index"),
    reg_class("src4_class"),
    reg_index("src4_index"),
    reg_class("src5_class"),
    reg_index("src5_index"),
    reg_class("src6_class"),
    reg_index("src6_index"),
    reg_class("src7_class"),
    reg_index("src7_index"),
    reg_class("dst0_class"),
    reg_index("dst0_index"),
    reg_class("dst1_class"),
    reg_index("dst1_index"),
    reg_class("dst2_class"),
    reg_index("dst2_index"),
    reg_class("dst3_class"),
    reg_index("dst3_index"),
    reg_class("dst4_class"),
    reg_index("dst4_index"),
    reg_class("dst5_class"),
    reg_index("dst5_index"),
];
