//! Static instructions and retirements.

use super::handle::guard;
use super::sized::{self, Sized32};
use super::status::perfvec_status;
use super::strings::{optional_text, slice};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::{InstFlags, OpClass, Reg, RegClass, Retirement, StaticInst, MAX_DST, MAX_SRC};
use crate::isa::{Address, Isa};
use std::ffi::c_char;
use std::mem::{align_of, offset_of, size_of};

/// One architectural register (4 bytes; never grows).
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct perfvec_reg {
    /// `PERFVEC_REG_...`.
    pub reg_class: u8,
    /// 0.
    pub reserved: u8,
    /// Index within the class.
    pub index: u16,
}

/// A static instruction: one encoding at one address.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct perfvec_static_inst {
    /// sizeof(perfvec_static_inst).
    pub struct_size: u32,
    /// Properties: a union of `PERFVEC_INST_...`.
    pub flags: u32,
    /// Address of the instruction, in bytes.
    pub pc: u64,
    /// Operation class, from perfvec_op_class_from_name().
    pub op_class: u8,
    /// Length of the encoding in bytes (micro-ops: of the macro instruction).
    pub size: u8,
    /// Bytes read or written by a memory access, 0 where there is none.
    pub access_size: u8,
    /// Number of valid entries in `src`, at most 8.
    pub num_src: u8,
    /// Number of valid entries in `dst`, at most 6.
    pub num_dst: u8,
    /// Output of the decoder: 1 if the data address is the value of register `base` plus `offset`.
    pub has_base: u8,
    /// 0.
    pub reserved: [u8; 2],
    /// Source registers; a register that always reads zero is not listed.
    pub src: [perfvec_reg; 8],
    /// Destination registers; a register that ignores writes is not listed.
    pub dst: [perfvec_reg; 6],
    /// Output of the decoder: the base register (RISC-V: integer 0 reads as zero). Interning
    /// ignores it.
    pub base: perfvec_reg,
    /// Output of the decoder: the offset in bytes that is added to `base`. Interning ignores it.
    pub offset: i32,
}

/// One retirement: a dynamic instance of a static instruction (24 bytes; never grows).
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct perfvec_retirement {
    /// Id of the static instruction, from interning.
    pub inst: u32,
    /// `PERFVEC_TAKEN`, `PERFVEC_NOT_TAKEN` or 0 (unknown). A `next_pc` other than 0 takes
    /// precedence over them; with neither, the outcome is inferred from the next retirement.
    pub flags: u32,
    /// Virtual data address of a memory access; 0 where there is none.
    pub address: u64,
    /// Address of the instruction that executes next; 0 if the host does not know it yet. A
    /// conditional branch is taken if this is not the fall-through address.
    pub next_pc: u64,
}

// Hosts' arrays of retirements are read in place.
const _: () = {
    assert!(size_of::<perfvec_retirement>() == size_of::<Retirement>());
    assert!(align_of::<perfvec_retirement>() == align_of::<Retirement>());
    assert!(offset_of!(perfvec_retirement, inst) == offset_of!(Retirement, inst));
    assert!(offset_of!(perfvec_retirement, flags) == offset_of!(Retirement, flags));
    assert!(offset_of!(perfvec_retirement, address) == offset_of!(Retirement, address));
    assert!(offset_of!(perfvec_retirement, next_pc) == offset_of!(Retirement, next_pc));
    assert!(size_of::<perfvec_retirement>() == 24);
    assert!(size_of::<perfvec_reg>() == 4);
    assert!(size_of::<perfvec_static_inst>() == 88);
    assert!(MAX_SRC == 8 && MAX_DST == 6);
};

// SAFETY: plain integers.
unsafe impl Sized32 for perfvec_static_inst {
    const NAME: &'static str = "perfvec_static_inst";
    const SIZES: &'static [usize] = &[88];
    fn defaults() -> Self {
        from_inst(&StaticInst::new(0, OpClass::No_OpClass, 0), None)
    }
}

/// The number of gem5's operation class called `name` ("IntAlu", "MemRead", ...; the Vector*
/// names of gem5 before 24.0 as well), or -1 for NULL and for names that the library does not
/// know. Map classes by name: gem5's own numbers change between versions. Callable from any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn perfvec_op_class_from_name(name: *const c_char) -> i32 {
    let mut class = -1;
    guard(|| {
        // SAFETY: by the contract of the module.
        let name = unsafe { optional_text(name, "name") }?;
        class = OpClass::from_name(name).map_or(-1, |c| c as i32);
        Ok(())
    });
    class
}

/// Decodes the instruction at `pc`: `bytes` holds its encoding in memory order; bytes after it
/// are ignored. `isa` is one of `PERFVEC_ISA_...`. Set `out->struct_size` before the call.
///
/// An unknown encoding is classified by its major opcode and gets the flag `PERFVEC_INST_UNKNOWN`.
/// `base` and `offset` describe the address of a memory access, for a host that knows the
/// registers' values but not the address; `has_base` is 0 if the address is not a base plus an
/// offset (indexed vector accesses). Errors: PERFVEC_ERR_NOT_FOUND for an ISA without a decoder,
/// PERFVEC_ERR_INVALID_ARGUMENT for too few bytes. Callable from any thread.
#[no_mangle]
pub unsafe extern "C" fn perfvec_static_inst_decode(
    isa: u32,
    pc: u64,
    bytes: *const u8,
    len: usize,
    out: *mut perfvec_static_inst,
) -> perfvec_status {
    guard(|| {
        // SAFETY: by the contract of the module.
        let bytes = unsafe { slice(bytes, len, "bytes") }?;
        let isa = isa_from(isa)?;
        let inst = from_inst(&isa.decode(pc, bytes)?, isa.address(bytes));
        // SAFETY: as above.
        unsafe { sized::write(out, &inst) }
    })
}

/// The ISA with a number of the ABI.
pub(super) fn isa_from(isa: u32) -> Result<Isa> {
    Isa::from_u32(isa).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("isa is {isa}; pass one of PERFVEC_ISA_..."),
        )
    })
}

/// The retirements of a host, in place.
#[inline(always)]
pub(super) fn retirements(r: &[perfvec_retirement]) -> &[Retirement] {
    // SAFETY: the two have one layout, asserted above, and every bit pattern is valid.
    unsafe { std::slice::from_raw_parts(r.as_ptr().cast(), r.len()) }
}

/// One retirement of a host, in place.
#[inline(always)]
pub(super) fn retirement(r: &perfvec_retirement) -> &Retirement {
    // SAFETY: as for `retirements`.
    unsafe { &*(r as *const perfvec_retirement).cast() }
}

/// Reads and checks a static instruction of a host.
pub(super) unsafe fn read_inst(inst: *const perfvec_static_inst) -> Result<StaticInst> {
    // SAFETY: by the contract of the module.
    let c = unsafe { sized::read(inst) }?;
    let bad = |what: String| {
        let text = format!("static instruction at {:#x}: {what}", c.pc);
        Error::new(ErrorKind::InvalidArgument, text)
    };
    let op = OpClass::from_u8(c.op_class).ok_or_else(|| {
        bad(format!(
            "op_class is {}; take it from perfvec_op_class_from_name",
            c.op_class
        ))
    })?;
    let flags = InstFlags::from_bits(c.flags).ok_or_else(|| {
        let unknown = c.flags & !InstFlags::all().bits();
        bad(format!(
            "flags has unknown bits {unknown:#x}; use PERFVEC_INST_..."
        ))
    })?;
    if c.reserved != [0; 2] {
        return Err(bad(
            "reserved is set; zero the struct before filling it".into()
        ));
    }
    let mut out = StaticInst {
        access_size: c.access_size,
        num_src: c.num_src,
        num_dst: c.num_dst,
        flags,
        ..StaticInst::new(c.pc, op, c.size)
    };
    out.validate()?;
    let n = (usize::from(c.num_src), usize::from(c.num_dst));
    let given = c.src[..n.0].iter().chain(&c.dst[..n.1]);
    for (to, from) in out.src[..n.0]
        .iter_mut()
        .chain(&mut out.dst[..n.1])
        .zip(given)
    {
        let class = RegClass::from_u8(from.reg_class).filter(|_| from.reserved == 0);
        let class = class.ok_or_else(|| {
            bad(format!(
                "register class {} (reserved {}); use PERFVEC_REG_... and 0",
                from.reg_class, from.reserved
            ))
        })?;
        *to = Reg {
            class,
            index: from.index,
        };
    }
    Ok(out)
}

/// A static instruction for a host.
fn from_inst(inst: &StaticInst, address: Option<Address>) -> perfvec_static_inst {
    let reg = |r: &Reg| perfvec_reg {
        reg_class: r.class as u8,
        reserved: 0,
        index: r.index,
    };
    perfvec_static_inst {
        struct_size: size_of::<perfvec_static_inst>() as u32,
        flags: inst.flags.bits(),
        pc: inst.pc,
        op_class: inst.op as u8,
        size: inst.size,
        access_size: inst.access_size,
        num_src: inst.num_src,
        num_dst: inst.num_dst,
        has_base: u8::from(address.is_some()),
        reserved: [0; 2],
        src: inst.src.each_ref().map(reg),
        dst: inst.dst.each_ref().map(reg),
        base: address.map_or_else(perfvec_reg::default, |a| reg(&a.base)),
        offset: address.map_or(0, |a| a.offset),
    }
}
