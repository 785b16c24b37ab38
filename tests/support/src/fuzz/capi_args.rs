//! Arguments of the C ABI's calls from fuzzer bytes.

use super::input::Input;
use perfvec::capi::config::perfvec_config;
use perfvec::capi::inst::{perfvec_retirement, perfvec_static_inst};
use perfvec::capi::microarchs::perfvec_microarchs;
use perfvec::capi::version::PERFVEC_ABI_VERSION;

const PLAN: [u64; 65] = {
    let mut plan = [2; 65];
    plan[2] = 0;
    plan
};

/// Small ones, so that an input takes milliseconds; now and then a bad one.
pub fn config(input: &mut Input<'_>, targets: *const perfvec_microarchs) -> perfvec_config {
    perfvec_config {
        struct_size: size_of::<perfvec_config>() as u32,
        abi_version: PERFVEC_ABI_VERSION,
        threads: input.below(3) as u32,
        lanes: 1 + input.below(3) as u32,
        segment: 1 + input.below(9) as u32,
        warmup: input.below(5) as u32,
        interval: input.below(30) as u64,
        sampling: input.below(6) as u32,
        unit: 1 + input.below(9) as u32,
        period: input.below(40) as u64,
        seed: input.u64(),
        start_outside_region: input.below(3) as u32,
        reserved: u32::from(input.u8() == 255),
        half_width: [0.0, 0.01, 0.5, f64::NAN][input.below(4)],
        targets,
        overhead: [0.0, 0.1, 1e9, f64::NAN][input.below(4)],
        plan: PLAN.as_ptr(),
        plan_len: [0, 1, 3, 65][input.below(4)],
        warming: [0, 1, 9, u64::MAX][input.below(4)],
        image_end: [0, 1 << 20, u64::MAX][input.below(3)],
    }
}

/// One of few instructions, to an address near others.
pub fn retirement(input: &mut Input<'_>) -> perfvec_retirement {
    perfvec_retirement {
        inst: input.below(6) as u32,
        flags: input.below(9) as u32,
        address: input.u16().into(),
        next_pc: input.u16().into(),
    }
}

/// Any numbers; too many registers now and then.
pub fn inst(input: &mut Input<'_>, pc: u64) -> perfvec_static_inst {
    // SAFETY: plain numbers.
    let mut inst = unsafe { std::mem::zeroed::<perfvec_static_inst>() };
    inst.struct_size = size_of::<perfvec_static_inst>() as u32;
    inst.flags = input.u32() & 0x01ff_ffff;
    inst.pc = pc;
    inst.op_class = input.u8();
    inst.size = input.u8();
    inst.access_size = input.u8();
    inst.num_src = input.below(10) as u8;
    inst.num_dst = input.below(8) as u8;
    for r in inst.src.iter_mut().chain(&mut inst.dst) {
        r.reg_class = input.below(9) as u8;
        r.index = input.u16();
    }
    inst
}
