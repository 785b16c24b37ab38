//! Numbers of the C ABI: properties, register classes, ISAs, outcomes, backends.
//!
//! They repeat the Rust types' numbers, which cbindgen cannot read; the assertions at the end
//! keep the two together.

use crate::inst::{InstFlags, RegClass, Retirement};
use crate::isa::Isa;
use crate::model::Backend;

/// Static instruction: reads memory.
pub const PERFVEC_INST_LOAD: u32 = 1 << 0;
/// Static instruction: writes memory.
pub const PERFVEC_INST_STORE: u32 = 1 << 1;
/// Static instruction: atomic read-modify-write (also LOAD and STORE).
pub const PERFVEC_INST_ATOMIC: u32 = 1 << 2;
/// Static instruction: load-reserved.
pub const PERFVEC_INST_LOAD_RESERVED: u32 = 1 << 3;
/// Static instruction: store-conditional.
pub const PERFVEC_INST_STORE_CONDITIONAL: u32 = 1 << 4;
/// Static instruction: conditional control transfer.
pub const PERFVEC_INST_COND_CTRL: u32 = 1 << 5;
/// Static instruction: unconditional control transfer.
pub const PERFVEC_INST_UNCOND_CTRL: u32 = 1 << 6;
/// Static instruction: control transfer whose target is in the encoding.
pub const PERFVEC_INST_DIRECT_CTRL: u32 = 1 << 7;
/// Static instruction: control transfer whose target comes from a register.
pub const PERFVEC_INST_INDIRECT_CTRL: u32 = 1 << 8;
/// Static instruction: pushes a return address.
pub const PERFVEC_INST_CALL: u32 = 1 << 9;
/// Static instruction: pops a return address.
pub const PERFVEC_INST_RETURN: u32 = 1 << 10;
/// Static instruction: squashes what was fetched after it.
pub const PERFVEC_INST_SQUASH_AFTER: u32 = 1 << 11;
/// Static instruction: nothing after it may start before it is done.
pub const PERFVEC_INST_SERIALIZE_AFTER: u32 = 1 << 12;
/// Static instruction: it may not start before everything before it is done.
pub const PERFVEC_INST_SERIALIZE_BEFORE: u32 = 1 << 13;
/// Static instruction: orders earlier reads.
pub const PERFVEC_INST_READ_BARRIER: u32 = 1 << 14;
/// Static instruction: orders earlier writes.
pub const PERFVEC_INST_WRITE_BARRIER: u32 = 1 << 15;
/// Static instruction: may not execute speculatively.
pub const PERFVEC_INST_NON_SPECULATIVE: u32 = 1 << 16;
/// Static instruction: a micro-op of a macro instruction.
pub const PERFVEC_INST_MICRO_OP: u32 = 1 << 17;
/// Static instruction: the last micro-op of its macro instruction.
pub const PERFVEC_INST_LAST_MICRO_OP: u32 = 1 << 18;
/// Static instruction: a software prefetch.
pub const PERFVEC_INST_PREFETCH: u32 = 1 << 19;
/// Static instruction: a system call or environment call.
pub const PERFVEC_INST_SYSCALL: u32 = 1 << 20;
/// Static instruction: a vector instruction, classed by its major opcode only.
pub const PERFVEC_INST_VECTOR: u32 = 1 << 21;
/// Static instruction: an encoding the decoder does not know, classed by its major opcode only.
pub const PERFVEC_INST_UNKNOWN: u32 = 1 << 22;
/// Static instruction: accesses memory but carries no effective address (published text traces
/// only).
pub const PERFVEC_INST_NO_ADDRESS: u32 = 1 << 23;
/// Static instruction: marks the begin of a region of interest (RISC-V: `slti x0, x0, 0x501`).
pub const PERFVEC_INST_REGION_BEGIN: u32 = 1 << 24;
/// Static instruction: marks the end of a region of interest (RISC-V: `slti x0, x0, 0x502`).
pub const PERFVEC_INST_REGION_END: u32 = 1 << 25;

/// Register class: integer.
pub const PERFVEC_REG_INT: u8 = 0;
/// Register class: floating point.
pub const PERFVEC_REG_FLOAT: u8 = 1;
/// Register class: vector.
pub const PERFVEC_REG_VEC: u8 = 2;
/// Register class: vector element.
pub const PERFVEC_REG_VEC_ELEM: u8 = 3;
/// Register class: vector predicate.
pub const PERFVEC_REG_VEC_PRED: u8 = 4;
/// Register class: condition code.
pub const PERFVEC_REG_CC: u8 = 5;
/// Register class: control and miscellaneous (CSRs).
pub const PERFVEC_REG_MISC: u8 = 6;
/// Register class: matrix.
pub const PERFVEC_REG_MAT: u8 = 7;

/// ISA: RISC-V, 64 bit; the library decodes it.
pub const PERFVEC_ISA_RISCV64: u32 = 1;
/// ISA: Arm AArch64; pass decoded static instructions.
pub const PERFVEC_ISA_AARCH64: u32 = 2;
/// ISA: x86-64; pass decoded static instructions.
pub const PERFVEC_ISA_X86_64: u32 = 3;
/// ISA: RISC-V, 32 bit; the library decodes it, and models trained on the 64-bit ISA accept it.
pub const PERFVEC_ISA_RISCV32: u32 = 4;

/// Retirement: the conditional branch was taken.
pub const PERFVEC_TAKEN: u32 = 1 << 0;
/// Retirement: the conditional branch was not taken.
pub const PERFVEC_NOT_TAKEN: u32 = 1 << 1;
/// Retirement: the record is of a faulting instruction (published text traces only; hosts leave
/// these out).
pub const PERFVEC_FAULT: u32 = 1 << 2;

/// Backend: int8 if the model's metadata allow it, else f32; ONNX Runtime for graphs that the
/// native engine does not run.
pub const PERFVEC_BACKEND_AUTO: u32 = 0;
/// Backend: the native engine in f32.
pub const PERFVEC_BACKEND_NATIVE_F32: u32 = 1;
/// Backend: the native engine with int8 weights and activations.
pub const PERFVEC_BACKEND_NATIVE_INT8: u32 = 2;
/// Backend: ONNX Runtime, loaded when a model asks for it.
pub const PERFVEC_BACKEND_ONNX_RUNTIME: u32 = 3;

const _: () = {
    assert!(PERFVEC_INST_LOAD == InstFlags::LOAD.bits());
    assert!(PERFVEC_INST_STORE == InstFlags::STORE.bits());
    assert!(PERFVEC_INST_ATOMIC == InstFlags::ATOMIC.bits());
    assert!(PERFVEC_INST_LOAD_RESERVED == InstFlags::LOAD_RESERVED.bits());
    assert!(PERFVEC_INST_STORE_CONDITIONAL == InstFlags::STORE_CONDITIONAL.bits());
    assert!(PERFVEC_INST_COND_CTRL == InstFlags::COND_CTRL.bits());
    assert!(PERFVEC_INST_UNCOND_CTRL == InstFlags::UNCOND_CTRL.bits());
    assert!(PERFVEC_INST_DIRECT_CTRL == InstFlags::DIRECT_CTRL.bits());
    assert!(PERFVEC_INST_INDIRECT_CTRL == InstFlags::INDIRECT_CTRL.bits());
    assert!(PERFVEC_INST_CALL == InstFlags::CALL.bits());
    assert!(PERFVEC_INST_RETURN == InstFlags::RETURN.bits());
    assert!(PERFVEC_INST_SQUASH_AFTER == InstFlags::SQUASH_AFTER.bits());
    assert!(PERFVEC_INST_SERIALIZE_AFTER == InstFlags::SERIALIZE_AFTER.bits());
    assert!(PERFVEC_INST_SERIALIZE_BEFORE == InstFlags::SERIALIZE_BEFORE.bits());
    assert!(PERFVEC_INST_READ_BARRIER == InstFlags::READ_BARRIER.bits());
    assert!(PERFVEC_INST_WRITE_BARRIER == InstFlags::WRITE_BARRIER.bits());
    assert!(PERFVEC_INST_NON_SPECULATIVE == InstFlags::NON_SPECULATIVE.bits());
    assert!(PERFVEC_INST_MICRO_OP == InstFlags::MICRO_OP.bits());
    assert!(PERFVEC_INST_LAST_MICRO_OP == InstFlags::LAST_MICRO_OP.bits());
    assert!(PERFVEC_INST_PREFETCH == InstFlags::PREFETCH.bits());
    assert!(PERFVEC_INST_SYSCALL == InstFlags::SYSCALL.bits());
    assert!(PERFVEC_INST_VECTOR == InstFlags::VECTOR.bits());
    assert!(PERFVEC_INST_UNKNOWN == InstFlags::UNKNOWN.bits());
    assert!(PERFVEC_INST_NO_ADDRESS == InstFlags::NO_ADDRESS.bits());
    assert!(PERFVEC_INST_REGION_BEGIN == InstFlags::REGION_BEGIN.bits());
    assert!(PERFVEC_INST_REGION_END == InstFlags::REGION_END.bits());
    assert!(InstFlags::all().bits().count_ones() == 26);
    assert!(PERFVEC_REG_INT == RegClass::Int as u8);
    assert!(PERFVEC_REG_FLOAT == RegClass::Float as u8);
    assert!(PERFVEC_REG_VEC == RegClass::Vec as u8);
    assert!(PERFVEC_REG_VEC_ELEM == RegClass::VecElem as u8);
    assert!(PERFVEC_REG_VEC_PRED == RegClass::VecPred as u8);
    assert!(PERFVEC_REG_CC == RegClass::CC as u8);
    assert!(PERFVEC_REG_MISC == RegClass::Misc as u8);
    assert!(PERFVEC_REG_MAT == RegClass::Mat as u8);
    assert!(PERFVEC_ISA_RISCV64 == Isa::Riscv64 as u32);
    assert!(PERFVEC_ISA_AARCH64 == Isa::Aarch64 as u32);
    assert!(PERFVEC_ISA_X86_64 == Isa::X86_64 as u32);
    assert!(PERFVEC_ISA_RISCV32 == Isa::Riscv32 as u32);
    assert!(PERFVEC_TAKEN == Retirement::TAKEN);
    assert!(PERFVEC_NOT_TAKEN == Retirement::NOT_TAKEN);
    assert!(PERFVEC_FAULT == Retirement::FAULT);
    assert!(PERFVEC_BACKEND_AUTO == Backend::Auto as u32);
    assert!(PERFVEC_BACKEND_NATIVE_F32 == Backend::NativeF32 as u32);
    assert!(PERFVEC_BACKEND_NATIVE_INT8 == Backend::NativeInt8 as u32);
    assert!(PERFVEC_BACKEND_ONNX_RUNTIME == Backend::OnnxRuntime as u32);
};
