//! The column of static instructions.

use super::varint::{put, take, take_u32, take_u8, unzigzag, zigzag};
use crate::bytes::corrupt;
use crate::error::Result;
use crate::inst::{InstFlags, OpClass, RegClass, StaticInst};

/// Most bytes that one static instruction takes.
pub(super) const MAX_BYTES: usize = 10 + 1 + 1 + 1 + 1 + 5 + 14 * 4;

/// Appends `inst`, its pc relative to `expected`. The bytes with `expected` 0 are also what the
/// stream hash covers.
pub(super) fn put_static(out: &mut Vec<u8>, inst: &StaticInst, expected: u64) {
    put(out, zigzag(inst.pc.wrapping_sub(expected)));
    out.extend([
        inst.op as u8,
        inst.size,
        inst.access_size,
        inst.num_src | inst.num_dst << 4,
    ]);
    put(out, u64::from(inst.flags.bits()));
    for reg in inst.sources().iter().chain(inst.destinations()) {
        out.push(reg.class as u8);
        put(out, u64::from(reg.index));
    }
}

/// Takes what [`put_static`] wrote.
pub(super) fn take_static(bytes: &mut &[u8], expected: u64) -> Result<StaticInst> {
    let pc = expected.wrapping_add(unzigzag(take(bytes)?));
    let op = OpClass::from_u8(take_u8(bytes)?)
        .ok_or_else(|| corrupt("a static instruction has an unknown op class"))?;
    let mut inst = StaticInst::new(pc, op, take_u8(bytes)?);
    inst.access_size = take_u8(bytes)?;
    let counts = take_u8(bytes)?;
    (inst.num_src, inst.num_dst) = (counts & 15, counts >> 4);
    inst.validate().map_err(|e| corrupt(e.message()))?;
    inst.flags = InstFlags::from_bits(take_u32(bytes)?)
        .ok_or_else(|| corrupt("a static instruction has unknown flags"))?;
    let (sources, destinations) = (usize::from(inst.num_src), usize::from(inst.num_dst));
    for reg in inst.src[..sources]
        .iter_mut()
        .chain(&mut inst.dst[..destinations])
    {
        reg.class = RegClass::from_u8(take_u8(bytes)?)
            .ok_or_else(|| corrupt("a register has an unknown class"))?;
        reg.index =
            u16::try_from(take(bytes)?).map_err(|_| corrupt("a register index exceeds 16 bits"))?;
    }
    Ok(inst)
}
