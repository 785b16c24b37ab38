//! Single- and double-precision floating point; vector accesses, which share its major opcodes.

use super::{vector, Form, Operands, Word};
use crate::inst::{InstFlags, OpClass};

const RD: Operands = Operands::RD;
const RS1: Operands = Operands::RS1;
const FD: Operands = Operands::FD;
const FS1: Operands = Operands::FS1;
const FS2: Operands = Operands::FS2;
const FS3: Operands = Operands::FS3;

pub(super) fn load(w: Word) -> Option<Form> {
    match w.funct3() {
        2 | 3 => Some(
            Form::new(w, OpClass::FloatMemRead, FD | RS1)
                .flags(InstFlags::LOAD)
                .access(1 << w.funct3()),
        ),
        // Half and quad precision.
        1 | 4 => None,
        _ => Some(vector(w, OpClass::SimdUnitStrideLoad).flags(InstFlags::LOAD)),
    }
}

pub(super) fn store(w: Word) -> Option<Form> {
    match w.funct3() {
        2 | 3 => Some(
            Form::new(w, OpClass::FloatMemWrite, RS1 | FS2)
                .flags(InstFlags::STORE)
                .access(1 << w.funct3()),
        ),
        // Half and quad precision.
        1 | 4 => None,
        _ => Some(vector(w, OpClass::SimdUnitStrideStore).flags(InstFlags::STORE)),
    }
}

/// Whether the encoding is of single or double precision.
fn known_format(w: Word) -> bool {
    w.funct7() & 3 < 2
}

/// Whether the rounding-mode field is not one of the reserved values.
fn known_rounding(w: Word) -> bool {
    !matches!(w.funct3(), 5 | 6)
}

pub(super) fn multiply_add(w: Word) -> Option<Form> {
    (known_format(w) && known_rounding(w))
        .then(|| Form::new(w, OpClass::FloatMultAcc, FD | FS1 | FS2 | FS3))
}

pub(super) fn op(w: Word) -> Option<Form> {
    if !known_format(w) {
        return None;
    }
    let (format, rm, rs2) = (w.funct7() & 3, w.funct3(), w.rs2());
    let rounds = known_rounding(w);
    let (op, operands) = match w.funct7() >> 2 {
        // fadd fsub
        0x00 | 0x01 if rounds => (OpClass::FloatAdd, FD | FS1 | FS2),
        0x02 if rounds => (OpClass::FloatMult, FD | FS1 | FS2),
        0x03 if rounds => (OpClass::FloatDiv, FD | FS1 | FS2),
        0x0b if rounds && rs2 == 0 => (OpClass::FloatSqrt, FD | FS1),
        // fsgnj fsgnjn fsgnjx
        0x04 if rm <= 2 => (OpClass::FloatMisc, FD | FS1 | FS2),
        // fmin fmax
        0x05 if rm <= 1 => (OpClass::FloatCmp, FD | FS1 | FS2),
        // fcvt.s.d fcvt.d.s
        0x08 if rounds && u32::from(rs2) == format ^ 1 => (OpClass::FloatCvt, FD | FS1),
        // fle flt feq
        0x14 if rm <= 2 => (OpClass::FloatCmp, RD | FS1 | FS2),
        // fcvt to and from w, wu, l, lu
        0x18 if rounds && rs2 <= 3 => (OpClass::FloatCvt, RD | FS1),
        0x1a if rounds && rs2 <= 3 => (OpClass::FloatCvt, FD | RS1),
        // fmv.x.w fmv.x.d
        0x1c if rm == 0 && rs2 == 0 => (OpClass::FloatCvt, RD | FS1),
        // fclass
        0x1c if rm == 1 && rs2 == 0 => (OpClass::FloatMisc, RD | FS1),
        // fmv.w.x fmv.d.x
        0x1e if rm == 0 && rs2 == 0 => (OpClass::FloatCvt, FD | RS1),
        _ => return None,
    };
    Some(Form::new(w, op, operands))
}
