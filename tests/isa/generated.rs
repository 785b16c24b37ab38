//! Encodings that no compiler emits: every 16-bit one, and a dense set of 32-bit ones.

use std::fmt::Write as _;

/// What objdump knows beyond the extensions of the decoder.
pub const OUT_OF_SCOPE: &[&str] = &["uret", "hret", "dret", "sfence.vm"];

const LOAD: u32 = 0x03;
const FENCE: u32 = 0x0f;
const OP_FP: u32 = 0x53;
const SYSTEM: u32 = 0x73;
const CSRS: &[u32] = &[
    0x001, 0x002, 0x003, 0xc00, 0xc01, 0xc02, 0x180, 0x300, 0x5c0,
];

/// A small generator with a fixed seed, so that failures come back.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 32) as u32
    }
}

/// Encodings in memory order, 16-bit ones first.
pub fn encodings() -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut random = Random(1);
    // All upper fields where they select the operation, with register numbers at random.
    for opcode in [0x13, 0x1b, 0x2f, 0x33, 0x3b, 0x43, 0x53] {
        for funct7 in 0..128 {
            for funct3 in 0..8 {
                for rs2 in [0, 1, 2, 3, 4, 5, 7, 24, 31] {
                    let registers = random.next() & 0x000f_8f80;
                    words.push(funct7 << 25 | rs2 << 20 | funct3 << 12 | registers | opcode);
                }
            }
        }
    }
    for imm12 in 0..4096 {
        for registers in [0, 10 << 7, 11 << 15] {
            words.push(imm12 << 20 | registers | SYSTEM);
        }
    }
    for csr in CSRS {
        for funct3 in 1..8 {
            for registers in [0, 10 << 7, 11 << 15, 10 << 7 | 11 << 15] {
                words.push(csr << 20 | funct3 << 12 | registers | SYSTEM);
            }
        }
    }
    // Every major opcode of a 32-bit encoding, the rest at random.
    for opcode in (LOAD..128)
        .step_by(4)
        .filter(|o| o & 0x1c != 0x1c && *o != SYSTEM)
    {
        words.extend((0..1000).map(|_| random.next() & !0x7f | opcode));
    }
    let halves = (0..=u16::MAX).filter(|half| half & 3 != 3);
    let compressed = halves.map(|half| half.to_le_bytes().to_vec());
    compressed
        .chain(words.iter().map(|word| word.to_le_bytes().to_vec()))
        .collect()
}

/// Assembly that places `encodings` one after another and marks them as instructions.
pub fn assembly(encodings: &[Vec<u8>]) -> String {
    let mut text = String::from(".text\n");
    for encoding in encodings {
        let value = encoding.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b));
        writeln!(text, ".insn {}, {value:#x}", encoding.len()).unwrap();
    }
    text
}

/// Encodings on which objdump 2.40 and the manual part, and the decoder goes by the manual.
pub fn is_excepted(encoding: &[u8]) -> bool {
    let &[b0, b1, b2, b3] = encoding else {
        // c.addi16sp with an immediate of zero, which objdump names, is reserved.
        return encoding == [0x01, 0x61];
    };
    let word = u32::from_le_bytes([b0, b1, b2, b3]);
    match word & 0x7f {
        // Implementations must ignore the reserved fields of fence and fence.i.
        FENCE => word >> 12 & 7 <= 1,
        // fcvt.d.s, fcvt.d.w and fcvt.d.wu are exact, but have a rounding mode like the rest.
        OP_FP => matches!(word >> 20, 0x420 | 0xd20 | 0xd21),
        _ => false,
    }
}
