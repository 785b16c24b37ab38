//! The RISC-V decoder: what comes out is consistent, whatever goes in.
use super::told;
use perfvec::inst::InstFlags as F;
use perfvec::isa::Isa;

/// One input.
pub fn run(data: &[u8]) {
    let mut rest = data;
    let mut pc = 0x1_0000u64;
    while let Some(inst) = told(Isa::Riscv64.decode(pc, rest)) {
        inst.validate().expect("counts within their bounds");
        assert_eq!(inst.pc, pc);
        assert!(inst.size >= 2 && inst.size % 2 == 0, "{inst:?}");
        let f = inst.flags;
        assert!(!f.contains(F::COND_CTRL | F::UNCOND_CTRL), "{inst:?}");
        assert_eq!(
            f.is_ctrl(),
            f.intersects(F::DIRECT_CTRL | F::INDIRECT_CTRL),
            "{inst:?}"
        );
        if f.is_mem() && !f.intersects(F::VECTOR | F::UNKNOWN) {
            assert!((1..=16).contains(&inst.access_size), "{inst:?}");
        }
        if f.contains(F::ATOMIC) {
            assert!(f.contains(F::LOAD | F::STORE), "{inst:?}");
        }
        // What follows the instruction does not matter, nor does where it is.
        let size = usize::from(inst.size).min(rest.len());
        let mut alone = Isa::Riscv64
            .decode(!pc, &rest[..size])
            .expect("enough bytes");
        alone.pc = pc;
        assert_eq!(alone, inst);
        rest = &rest[size..];
        pc = inst.fall_through();
    }
    assert!(rest.len() < 4, "{} bytes were too few", rest.len());
}
