//! Properties that a twin computes once per static instruction.

use super::predictors::branch_unit::Control;
use crate::inst::{InstFlags, OpClass, RegClass, Resolved, StaticInst};

/// What executes an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Unit {
    /// Needs none.
    None,
    /// Integer arithmetic, branches.
    Alu,
    /// Integer multiplication.
    Mul,
    /// Integer division.
    Div,
    /// Floating-point addition, comparison, conversion.
    FpAdd,
    /// Floating-point multiplication.
    FpMul,
    /// Fused multiplication and addition.
    Fma,
    /// Floating-point division.
    FpDiv,
    /// Floating-point square root.
    FpSqrt,
    /// Loads.
    Load,
    /// Stores.
    Store,
    /// Vector arithmetic.
    Simd,
    /// Control and status registers.
    Csr,
}

/// No register.
pub const NO_REG: u8 = 64;
/// Registers that are tracked: 32 integer, 32 floating-point, and one that is always ready.
pub const REGS: usize = 65;

/// A static instruction as twins see it.
#[derive(Debug, Clone, Copy)]
pub struct Prepared {
    /// Address.
    pub pc: u64,
    /// Bytes of the encoding.
    pub size: u8,
    /// What executes it.
    pub unit: Unit,
    /// Registers that it reads.
    pub src: [u8; 4],
    /// Register that it writes.
    pub dst: u8,
    /// Bytes that it accesses.
    pub access: u8,
    /// Reads memory.
    pub load: bool,
    /// Writes memory.
    pub store: bool,
    /// Reads and writes memory at once, or stores on condition.
    pub atomic: bool,
    /// Executes only when nothing is before it.
    pub alone: bool,
    /// Orders accesses.
    pub barrier: bool,
    /// What follows waits until it has committed.
    pub serialize_after: bool,
    /// Waits until everything before it has committed.
    pub serialize_before: bool,
    /// Traps to the operating system.
    pub syscall: bool,
    /// Squashes what was fetched after it.
    pub squash_after: bool,
    /// Whether control may leave it.
    pub transfers: bool,
    /// Its properties.
    pub flags: InstFlags,
}

fn register(class: RegClass, index: u16) -> u8 {
    match class {
        RegClass::Int if index < 32 => index as u8,
        RegClass::Float if index < 32 => 32 + index as u8,
        _ => NO_REG,
    }
}

fn unit(inst: &StaticInst) -> Unit {
    use OpClass::*;
    match inst.op {
        No_OpClass => Unit::None,
        _ if inst.flags.contains(InstFlags::LOAD) => Unit::Load,
        _ if inst.flags.contains(InstFlags::STORE) => Unit::Store,
        IntMult => Unit::Mul,
        IntDiv => Unit::Div,
        FloatAdd | FloatCmp | FloatCvt => Unit::FpAdd,
        FloatMult | FloatMisc => Unit::FpMul,
        FloatMultAcc => Unit::Fma,
        FloatDiv => Unit::FpDiv,
        FloatSqrt => Unit::FpSqrt,
        IprAccess => Unit::Csr,
        op if op.name().starts_with("Simd") => Unit::Simd,
        _ => Unit::Alu,
    }
}

impl Prepared {
    /// The control transfer that it was this time.
    #[inline]
    pub fn control(&self, r: &Resolved) -> Control {
        Control {
            pc: self.pc,
            size: self.size,
            flags: self.flags,
            taken: r.taken,
            target: r.target,
        }
    }

    /// What twins need of `inst`.
    pub fn new(inst: &StaticInst) -> Self {
        let f = inst.flags;
        let mut src = [NO_REG; 4];
        let registers = inst.sources().iter().map(|r| register(r.class, r.index));
        for (slot, r) in src.iter_mut().zip(registers.filter(|r| *r != NO_REG)) {
            *slot = r;
        }
        let dst = inst
            .destinations()
            .iter()
            .map(|r| register(r.class, r.index));
        let store_conditional = f.contains(InstFlags::STORE_CONDITIONAL);
        let atomic = f.contains(InstFlags::ATOMIC) || store_conditional;
        let barrier = f.intersects(InstFlags::READ_BARRIER | InstFlags::WRITE_BARRIER);
        Self {
            pc: inst.pc,
            size: inst.size,
            unit: unit(inst),
            src,
            dst: dst.rev().find(|r| *r != NO_REG).unwrap_or(NO_REG),
            access: inst.access_size,
            load: f.contains(InstFlags::LOAD),
            store: f.contains(InstFlags::STORE),
            atomic,
            alone: f.contains(InstFlags::NON_SPECULATIVE) || atomic || barrier,
            barrier,
            serialize_after: f.contains(InstFlags::SERIALIZE_AFTER) || store_conditional,
            serialize_before: f.contains(InstFlags::SERIALIZE_BEFORE),
            syscall: f.contains(InstFlags::SYSCALL),
            squash_after: f.contains(InstFlags::SQUASH_AFTER),
            transfers: f.is_ctrl(),
            flags: f,
        }
    }
}
