//! RV32GC with Zba, Zbb, Zbs, Zicsr and Zifencei: [`super::riscv64`] but for what differs there.
//!
//! * Five compressed encodings have another meaning: `c.jal`, `c.flw`, `c.fsw`, `c.flwsp`, `c.fswsp`.
//! * There are no doubleword integer accesses and no `*w` operations.
//! * `zext.h` and `rev8` are encoded otherwise.

use super::riscv64::{self, Width};
use crate::error::Result;
use crate::inst::StaticInst;

/// Decodes one instruction; see [`super::Isa::decode`].
pub fn decode(pc: u64, encoding: &[u8]) -> Result<StaticInst> {
    riscv64::decode_of(Width::W32, pc, encoding)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::inst::{InstFlags as F, OpClass, RegClass, StaticInst};
    use crate::isa::Isa;

    fn half(bits: u16) -> StaticInst {
        decode(0x1000, &bits.to_le_bytes()).unwrap()
    }

    fn word(bits: u32) -> StaticInst {
        decode(0x1000, &bits.to_le_bytes()).unwrap()
    }

    /// Encodings as GNU as 2.40 assembles them for rv32gc.
    #[test]
    fn what_differs_from_64_bits() {
        let jal = half(0x2001); // c.jal 0
        assert_eq!(jal.flags, F::CALL | F::UNCOND_CTRL | F::DIRECT_CTRL);
        assert_eq!(jal.destinations()[0].index, 1);
        for (bits, op) in [
            (0x6108, OpClass::FloatMemRead),  // c.flw fa0,0(a0)
            (0xe108, OpClass::FloatMemWrite), // c.fsw fa0,0(a0)
            (0x6502, OpClass::FloatMemRead),  // c.flwsp fa0,0(sp)
            (0xe02a, OpClass::FloatMemWrite), // c.fswsp fa0,0(sp)
        ] {
            let inst = half(bits);
            assert_eq!((inst.op, inst.access_size), (op, 4), "{bits:#x}");
            let registers = inst.sources().iter().chain(inst.destinations());
            let float: Vec<_> = registers.filter(|r| r.class == RegClass::Float).collect();
            assert_eq!((float.len(), float[0].index), (1, 10), "{bits:#x}");
        }
        for bits in [
            0x0805_4533, // zext.h a0,a0
            0x6985_5513, // rev8 a0,a0
        ] {
            assert!(!word(bits).flags.contains(F::UNKNOWN), "{bits:#x}");
        }
        for bits in [
            0x0005_3503, // ld a0,0(a0)
            0x00a5_3023, // sd a0,0(a0)
            0x0005_6503, // lwu a0,0(a0)
            0x00a5_053b, // addw a0,a0,a0
            0x0015_051b, // addiw a0,a0,1
            0x0805_453b, // zext.h a0,a0 of 64 bits
            0x6b85_5513, // rev8 a0,a0 of 64 bits
            0x00b5_352f, // amoadd.d
            0x0205_1513, // slli a0,a0,32
        ] {
            assert!(word(bits).flags.contains(F::UNKNOWN), "{bits:#x}");
        }
        for bits in [0x9d09u16, 0x9d29, 0x1502] {
            // c.subw a0,a0; c.addw a0,a0; c.slli a0,32
            assert!(half(bits).flags.contains(F::UNKNOWN), "{bits:#x}");
        }
    }

    #[test]
    fn what_is_the_same() {
        for bits in [
            0x0005_2503u32, // lw a0,0(a0)
            0x00a5_2023,    // sw a0,0(a0)
            0x02a5_0533,    // mul a0,a0,a0
            0x00a5_2007,    // flw ft0,10(a0)
            0x01f5_1513,    // slli a0,a0,31
            0x00b5_252f,    // amoadd.w
            0xfe05_1ee3,    // bnez a0,-4
            0x0000_8067,    // ret
        ] {
            let of_64 = Isa::Riscv64.decode(0x1000, &bits.to_le_bytes()).unwrap();
            assert_eq!(word(bits), of_64, "{bits:#x}");
        }
        for bits in [0x4108u16, 0x0511, 0x8082, 0xc02a, 0x4502, 0xd16d, 0xbfdd] {
            let of_64 = Isa::Riscv64.decode(0x1000, &bits.to_le_bytes()).unwrap();
            assert_eq!(half(bits), of_64, "{bits:#x}");
        }
    }
}
