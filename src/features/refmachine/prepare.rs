//! What the extractor works out once per static instruction.

use super::lanes::{Unit, NO_REG};
use super::store_sets::SITES;
use crate::inst::{InstFlags, OpClass, RegClass, StaticInst};

/// What kind of unconditional transfer an instruction is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Transfer {
    /// Pops a return address.
    pub is_return: bool,
    /// Target from a register.
    pub indirect: bool,
    /// Pushes a return address.
    pub call: bool,
}

/// What is known of a static instruction before it runs: one cache line.
#[repr(align(64))]
pub struct Prepared {
    pub pc: u64,
    /// See `Event::site`.
    pub site: u16,
    pub fall_through: u64,
    pub src: [u8; 3],
    pub dst: u8,
    pub unit: Unit,
    pub load: bool,
    pub mem: bool,
    pub cond: bool,
    pub ctrl: bool,
    pub serialize: bool,
    pub transfer: Transfer,
    pub stride: Stride,
}

/// Per-instruction stride predictor state.
#[derive(Clone, Copy, Default)]
pub struct Stride {
    pub last: u64,
    pub stride: i64,
    pub confidence: u32,
}

/// Register number for dependence tracking: integer 0-31, floating point 32-63, others untracked.
fn track(class: RegClass, index: u16) -> u8 {
    match class {
        RegClass::Int if index < 32 => index as u8,
        RegClass::Float if index < 32 => 32 + index as u8,
        _ => NO_REG,
    }
}

/// What executes `inst`.
pub fn unit_of(inst: &StaticInst) -> Unit {
    use OpClass::*;
    if inst.flags.contains(InstFlags::LOAD) {
        return Unit::Load;
    }
    if inst.flags.contains(InstFlags::STORE) {
        return Unit::Store;
    }
    match inst.op {
        IntMult | SimdMult | SimdMultAcc => Unit::Mul,
        IntDiv | SimdDiv => Unit::Div,
        FloatAdd | FloatCmp | FloatCvt | SimdFloatAdd | SimdFloatAlu | SimdFloatCmp
        | SimdFloatCvt | SimdFloatMisc => Unit::FpAdd,
        FloatMult | FloatMultAcc | FloatMisc | SimdFloatMult | SimdFloatMultAcc => Unit::FpMul,
        FloatDiv | SimdFloatDiv => Unit::FpDiv,
        FloatSqrt | SimdFloatSqrt | SimdSqrt => Unit::FpSqrt,
        _ => Unit::Alu,
    }
}

/// What `inst` will mean to the extractor.
pub fn prepare(inst: &StaticInst) -> Prepared {
    let f = inst.flags;
    let mut src = [NO_REG; 3];
    for (slot, r) in src.iter_mut().zip(inst.sources()) {
        *slot = track(r.class, r.index);
    }
    let dst = inst
        .destinations()
        .first()
        .map_or(NO_REG, |r| track(r.class, r.index));
    let serialize = f.intersects(InstFlags::SERIALIZE_AFTER | InstFlags::SERIALIZE_BEFORE);
    Prepared {
        pc: inst.pc,
        site: (inst.pc >> 1 ^ inst.pc >> 11) as u16 % SITES as u16,
        fall_through: inst.fall_through(),
        src,
        dst,
        unit: unit_of(inst),
        load: f.contains(InstFlags::LOAD),
        mem: f.is_mem(),
        cond: f.contains(InstFlags::COND_CTRL),
        ctrl: f.is_ctrl(),
        serialize,
        transfer: Transfer {
            is_return: f.contains(InstFlags::RETURN),
            indirect: f.contains(InstFlags::INDIRECT_CTRL),
            call: f.contains(InstFlags::CALL),
        },
        stride: Stride::default(),
    }
}
