//! Tables from the manual, and properties over every encoding.

use proptest::prelude::*;

use super::decode;
use crate::error::ErrorKind;
use crate::inst::InstFlags as F;
use crate::inst::{OpClass, Reg, RegClass, StaticInst};

const NONE: F = F::empty();
const COND: F = F::COND_CTRL.union(F::DIRECT_CTRL);
const JUMP: F = F::UNCOND_CTRL.union(F::DIRECT_CTRL);
const JUMP_REG: F = F::UNCOND_CTRL.union(F::INDIRECT_CTRL);
const CALL_REG: F = JUMP_REG.union(F::CALL);
const RETURN: F = JUMP_REG.union(F::RETURN);
const SERIAL: F = F::SERIALIZE_AFTER.union(F::NON_SPECULATIVE);
const BARRIER: F = F::READ_BARRIER.union(F::WRITE_BARRIER);
const AMO: F = F::ATOMIC.union(F::LOAD).union(F::STORE);

/// Registers written "x1 f2 c3": integer, floating point, CSR.
fn regs(text: &str) -> Vec<Reg> {
    let parse = |name: &str| {
        let class = match name.as_bytes()[0] {
            b'x' => RegClass::Int,
            b'f' => RegClass::Float,
            _ => RegClass::Misc,
        };
        let index = name[1..].parse().unwrap();
        Reg { class, index }
    };
    text.split_whitespace().map(parse).collect()
}

fn decode_word(word: u32) -> StaticInst {
    decode(0x1_0000, &word.to_le_bytes()).unwrap()
}

type Row = (
    u32,
    &'static str,
    OpClass,
    F,
    u8,
    &'static str,
    &'static str,
);

/// Each row: encoding, assembly, class, flags, bytes accessed, sources, destinations.
fn check(size: u8, rows: &[Row]) {
    for &(word, text, op, flags, access, src, dst) in rows {
        let inst = decode_word(word);
        assert_eq!(inst.pc, 0x1_0000, "{text}");
        assert_eq!(
            (inst.op, inst.flags, inst.size),
            (op, flags, size),
            "{text}"
        );
        assert_eq!(inst.access_size, access, "{text}");
        assert_eq!(inst.sources(), regs(src), "sources of {text}");
        assert_eq!(inst.destinations(), regs(dst), "destinations of {text}");
    }
}

#[test]
#[rustfmt::skip]
fn integer_instructions() {
    use OpClass::*;
    check(4, &[
        (0x00005537, "lui x10,5", IntAlu, NONE, 0, "", "x10"),
        (0x00001017, "auipc x0,1", IntAlu, NONE, 0, "", ""),
        (0x00050063, "beq x10,x0", IntAlu, COND, 0, "x10", ""),
        (0x00b57063, "bgeu x10,x11", IntAlu, COND, 0, "x10 x11", ""),
        (0x00158503, "lb x10,1(x11)", MemRead, F::LOAD, 1, "x11", "x10"),
        (0x0025d503, "lhu x10,2(x11)", MemRead, F::LOAD, 2, "x11", "x10"),
        (0x0045e003, "lwu x0,4(x11)", MemRead, F::LOAD, 4, "x11", ""),
        (0x0085b503, "ld x10,8(x11)", MemRead, F::LOAD, 8, "x11", "x10"),
        (0x00a58023, "sb x10,0(x11)", MemWrite, F::STORE, 1, "x11 x10", ""),
        (0x0005b023, "sd x0,0(x11)", MemWrite, F::STORE, 8, "x11", ""),
        (0x00100513, "addi x10,x0,1", IntAlu, NONE, 0, "", "x10"),
        (0x50102013, "slti x0,x0,0x501", IntAlu, F::REGION_BEGIN, 0, "", ""),
        (0x50202013, "slti x0,x0,0x502", IntAlu, F::REGION_END, 0, "", ""),
        (0x50302013, "slti x0,x0,0x503", IntAlu, NONE, 0, "", ""),
        (0x50102093, "slti x1,x0,0x501", IntAlu, NONE, 0, "", "x1"),
        (0x43f5d513, "srai x10,x11,63", IntAlu, NONE, 0, "x11", "x10"),
        (0x00b5853b, "addw x10,x11,x11", IntAlu, NONE, 0, "x11 x11", "x10"),
        (0x41f5d51b, "sraiw x10,x11,31", IntAlu, NONE, 0, "x11", "x10"),
        (0x02c5a533, "mulhsu x10,x11,x12", IntMult, NONE, 0, "x11 x12", "x10"),
        (0x02c5f53b, "remuw x10,x11,x12", IntDiv, NONE, 0, "x11 x12", "x10"),
        (0x20c5c533, "sh2add x10,x11,x12", IntAlu, NONE, 0, "x11 x12", "x10"),
        (0x0a15951b, "slli.uw x10,x11,33", IntAlu, NONE, 0, "x11", "x10"),
        (0x0805c53b, "zext.h x10,x11", IntAlu, NONE, 0, "x11", "x10"),
        (0x6b85d513, "rev8 x10,x11", IntAlu, NONE, 0, "x11", "x10"),
        (0x2875d513, "orc.b x10,x11", IntAlu, NONE, 0, "x11", "x10"),
        (0x6025951b, "cpopw x10,x11", IntAlu, NONE, 0, "x11", "x10"),
        (0x6285d513, "rori x10,x11,40", IntAlu, NONE, 0, "x11", "x10"),
        (0x4b25d513, "bexti x10,x11,50", IntAlu, NONE, 0, "x11", "x10"),
        (0x40c5f533, "andn x10,x11,x12", IntAlu, NONE, 0, "x11 x12", "x10"),
        (0x0ac5e533, "max x10,x11,x12", IntAlu, NONE, 0, "x11 x12", "x10"),
    ]);
}

/// The hint table of the manual's section on jalr: link registers are x1 and x5.
#[test]
#[rustfmt::skip]
fn calls_and_returns() {
    use OpClass::IntAlu;
    check(4, &[
        (0x000000ef, "jal x1", IntAlu, JUMP | F::CALL, 0, "", "x1"),
        (0x000002ef, "jal x5", IntAlu, JUMP | F::CALL, 0, "", "x5"),
        (0x0000006f, "jal x0", IntAlu, JUMP, 0, "", ""),
        (0x0000036f, "jal x6", IntAlu, JUMP, 0, "", "x6"),
        (0x00030067, "jalr x0,0(x6)", IntAlu, JUMP_REG, 0, "x6", ""),
        (0x00008067, "jalr x0,0(x1)", IntAlu, RETURN, 0, "x1", ""),
        (0x00028367, "jalr x6,0(x5)", IntAlu, RETURN, 0, "x5", "x6"),
        (0x000300e7, "jalr x1,0(x6)", IntAlu, CALL_REG, 0, "x6", "x1"),
        (0x000280e7, "jalr x1,0(x5)", IntAlu, CALL_REG | F::RETURN, 0, "x5", "x1"),
        (0x000282e7, "jalr x5,0(x5)", IntAlu, CALL_REG, 0, "x5", "x5"),
    ]);
    check(2, &[
        (0x8082, "c.jr x1", IntAlu, RETURN, 0, "x1", ""),
        (0x8502, "c.jr x10", IntAlu, JUMP_REG, 0, "x10", ""),
        (0x9502, "c.jalr x10", IntAlu, CALL_REG, 0, "x10", "x1"),
        (0x9282, "c.jalr x5", IntAlu, CALL_REG | F::RETURN, 0, "x5", "x1"),
    ]);
}

#[test]
#[rustfmt::skip]
fn atomics_fences_and_system() {
    use OpClass::*;
    let reserved = F::LOAD | F::LOAD_RESERVED;
    let conditional = F::STORE | F::STORE_CONDITIONAL;
    check(4, &[
        (0x1005a52f, "lr.w x10,(x11)", MemRead, reserved, 4, "x11", "x10"),
        (0x1405a52f, "lr.w.aq x10,(x11)", MemRead, reserved | BARRIER, 4, "x11", "x10"),
        (0x18c5b52f, "sc.d x10,x12,(x11)", MemWrite, conditional, 8, "x11 x12", "x10"),
        (0x06c5b02f, "amoadd.d.aqrl x0,x12,(x11)", MemRead, AMO | BARRIER, 8, "x11 x12", ""),
        (0xe0c5a52f, "amomaxu.w x10,x12,(x11)", MemRead, AMO, 4, "x11 x12", "x10"),
        (0x0ff0000f, "fence", No_OpClass, BARRIER, 0, "", ""),
        (0x8330000f, "fence.tso", No_OpClass, BARRIER, 0, "", ""),
        (0x0000100f, "fence.i", No_OpClass, SERIAL | F::SQUASH_AFTER, 0, "", ""),
        (0x00000073, "ecall", No_OpClass, SERIAL | F::SYSCALL, 0, "", ""),
        (0x00100073, "ebreak", No_OpClass, SERIAL, 0, "", ""),
        (0x00359073, "csrrw x0,fcsr,x11", No_OpClass, SERIAL, 0, "x11", "c3"),
        (0x00359573, "csrrw x10,fcsr,x11", No_OpClass, SERIAL, 0, "x11 c3", "x10 c3"),
        (0xc0002573, "csrrs x10,cycle,x0", No_OpClass, SERIAL, 0, "c3072", "x10"),
        (0x0011f573, "csrrci x10,fflags,3", No_OpClass, SERIAL, 0, "c1", "x10 c1"),
        (0x18005573, "csrrwi x10,satp,0", No_OpClass, SERIAL | F::SQUASH_AFTER, 0, "c384", "x10 c384"),
        (0x30200073, "mret", IntAlu, SERIAL | JUMP_REG, 0, "", ""),
        (0x10500073, "wfi", No_OpClass, SERIAL | F::SQUASH_AFTER, 0, "", ""),
        (0x12b50073, "sfence.vma x10,x11", No_OpClass, SERIAL, 0, "x10 x11", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn floating_point() {
    use OpClass::*;
    check(4, &[
        (0x0005a007, "flw f0,0(x11)", FloatMemRead, F::LOAD, 4, "x11", "f0"),
        (0x0015b027, "fsd f1,0(x11)", FloatMemWrite, F::STORE, 8, "x11 f1", ""),
        (0x223170c3, "fmadd.d f1,f2,f3,f4", FloatMultAcc, NONE, 0, "f2 f3 f4", "f1"),
        (0x0000704b, "fnmsub.s f0,f0,f0,f0", FloatMultAcc, NONE, 0, "f0 f0 f0", "f0"),
        (0x003170d3, "fadd.s f1,f2,f3", FloatAdd, NONE, 0, "f2 f3", "f1"),
        (0x5a0170d3, "fsqrt.d f1,f2", FloatSqrt, NONE, 0, "f2", "f1"),
        (0x1a3170d3, "fdiv.d f1,f2,f3", FloatDiv, NONE, 0, "f2 f3", "f1"),
        (0x103170d3, "fmul.s f1,f2,f3", FloatMult, NONE, 0, "f2 f3", "f1"),
        (0x222110d3, "fsgnjn.d f1,f2,f2", FloatMisc, NONE, 0, "f2 f2", "f1"),
        (0x283100d3, "fmin.s f1,f2,f3", FloatCmp, NONE, 0, "f2 f3", "f1"),
        (0xa2312553, "feq.d x10,f2,f3", FloatCmp, NONE, 0, "f2 f3", "x10"),
        (0x401170d3, "fcvt.s.d f1,f2", FloatCvt, NONE, 0, "f2", "f1"),
        (0xc0317553, "fcvt.lu.s x10,f2", FloatCvt, NONE, 0, "f2", "x10"),
        (0xd20500d3, "fcvt.d.w f1,x10", FloatCvt, NONE, 0, "x10", "f1"),
        (0xe2010553, "fmv.x.d x10,f2", FloatCvt, NONE, 0, "f2", "x10"),
        (0xf00000d3, "fmv.w.x f1,x0", FloatCvt, NONE, 0, "", "f1"),
        (0xe2009553, "fclass.d x10,f1", FloatMisc, NONE, 0, "f1", "x10"),
    ]);
}

#[test]
#[rustfmt::skip]
fn compressed() {
    use OpClass::*;
    check(2, &[
        (0x0800, "c.addi4spn x8,x2,16", IntAlu, NONE, 0, "x2", "x8"),
        (0x2080, "c.fld f8,0(x9)", FloatMemRead, F::LOAD, 8, "x9", "f8"),
        (0x4080, "c.lw x8,0(x9)", MemRead, F::LOAD, 4, "x9", "x8"),
        (0xe080, "c.sd x8,0(x9)", MemWrite, F::STORE, 8, "x9 x8", ""),
        (0x0001, "c.nop", IntAlu, NONE, 0, "", ""),
        (0x0505, "c.addi x10,1", IntAlu, NONE, 0, "x10", "x10"),
        (0x2501, "c.addiw x10,0", IntAlu, NONE, 0, "x10", "x10"),
        (0x4505, "c.li x10,1", IntAlu, NONE, 0, "", "x10"),
        (0x6105, "c.addi16sp x2,32", IntAlu, NONE, 0, "x2", "x2"),
        (0x6505, "c.lui x10,1", IntAlu, NONE, 0, "", "x10"),
        (0x840d, "c.srai x8,3", IntAlu, NONE, 0, "x8", "x8"),
        (0x8c05, "c.sub x8,x9", IntAlu, NONE, 0, "x8 x9", "x8"),
        (0x9c25, "c.addw x8,x9", IntAlu, NONE, 0, "x8 x9", "x8"),
        (0xa001, "c.j", IntAlu, JUMP, 0, "", ""),
        (0xe001, "c.bnez x8", IntAlu, COND, 0, "x8", ""),
        (0x050e, "c.slli x10,3", IntAlu, NONE, 0, "x10", "x10"),
        (0x2502, "c.fldsp f10,0(x2)", FloatMemRead, F::LOAD, 8, "x2", "f10"),
        (0x6502, "c.ldsp x10,0(x2)", MemRead, F::LOAD, 8, "x2", "x10"),
        (0x852e, "c.mv x10,x11", IntAlu, NONE, 0, "x11", "x10"),
        (0x9002, "c.ebreak", No_OpClass, SERIAL, 0, "", ""),
        (0x952e, "c.add x10,x11", IntAlu, NONE, 0, "x10 x11", "x10"),
        (0xa02a, "c.fsdsp f10,0(x2)", FloatMemWrite, F::STORE, 8, "x2 f10", ""),
        (0xc02a, "c.swsp x10,0(x2)", MemWrite, F::STORE, 4, "x2 x10", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn vector_and_unknown_are_classed_by_major_opcode() {
    use OpClass::*;
    check(4, &[
        (0x022180d7, "vadd.vv v1,v2,v3", SimdAlu, F::VECTOR, 0, "", ""),
        (0x0c05f557, "vsetvli x10,x11,e8,m1,ta,ma", SimdAlu, F::VECTOR, 0, "", ""),
        (0x02058087, "vle8.v v1,(x11)", SimdUnitStrideLoad, F::VECTOR | F::LOAD, 0, "", ""),
        (0x0205f0a7, "vse64.v v1,(x11)", SimdUnitStrideStore, F::VECTOR | F::STORE, 0, "", ""),
        (0x00059007, "flh f0,0(x11)", FloatMemRead, F::UNKNOWN | F::LOAD, 0, "", ""),
        (0x04c5f553, "fadd.h f10,f11,f12", FloatAdd, F::UNKNOWN, 0, "", ""),
        (0x003150d3, "fadd.s, reserved rounding mode", FloatAdd, F::UNKNOWN, 0, "", ""),
        (0x0005f503, "load, reserved width", MemRead, F::UNKNOWN | F::LOAD, 0, "", ""),
        (0x00b52063, "branch, reserved funct3", IntAlu, F::UNKNOWN | COND, 0, "", ""),
        (0x0ec5d533, "czero.eqz", IntAlu, F::UNKNOWN, 0, "", ""),
        (0x08c5c53b, "packw", IntAlu, F::UNKNOWN, 0, "", ""),
        (0x2805a52f, "amocas.w", MemRead, F::UNKNOWN | AMO, 0, "", ""),
        (0x0000000b, "custom-0", IntAlu, F::UNKNOWN, 0, "", ""),
        (0x0000006b, "reserved major opcode", No_OpClass, F::UNKNOWN, 0, "", ""),
    ]);
    check(2, &[
        (0x0000, "illegal", No_OpClass, F::UNKNOWN, 0, "", ""),
        (0x8002, "c.jr x0", IntAlu, F::UNKNOWN | JUMP_REG, 0, "", ""),
        (0x6002, "c.ldsp x0", MemRead, F::UNKNOWN | F::LOAD, 0, "", ""),
        (0x6501, "c.lui x10,0", IntAlu, F::UNKNOWN, 0, "", ""),
        (0x2001, "c.addiw x0", IntAlu, F::UNKNOWN, 0, "", ""),
    ]);
    for (word, size) in [(0x1f, 6), (0x5f, 6), (0x3f, 8), (0x7f, 10), (0x407f, 18), (0xffff, 24)] {
        check(size, &[(word, "long", No_OpClass, F::UNKNOWN, 0, "", "")]);
    }
}

#[test]
fn too_few_bytes_are_an_error_that_names_pc_and_bytes() {
    for (bytes, need) in [
        (&[][..], "2 are"),
        (&[0x01], "2 are"),
        (&[0x13, 0x05, 0x10], "4 are"),
    ] {
        let err = decode(0xabc0, bytes).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidArgument);
        assert!(err.message().contains("0xabc0"), "{err}");
        assert!(err.message().contains(need), "{err}");
    }
    let err = decode(0, &[0x13, 0x05, 0x10]).unwrap_err();
    assert!(err.message().contains("[13, 05, 10]"), "{err}");
    assert_eq!(decode(0, &[0x01, 0x00]).unwrap().size, 2);
}

/// What every answer must satisfy.
fn check_invariants(bytes: [u8; 4], inst: &StaticInst) {
    let size = match bytes[0] {
        b if b & 3 != 3 => 2,
        b if b & 0x1f != 0x1f => 4,
        b if b & 0x3f == 0x1f => 6,
        b if b & 0x7f == 0x3f => 8,
        _ => 10 + 2 * (bytes[1] >> 4 & 7),
    };
    let flags = inst.flags;
    assert_eq!(inst.size, size, "{bytes:02x?}");
    inst.validate().unwrap();
    for reg in inst.sources().iter().chain(inst.destinations()) {
        let limit = if reg.class == RegClass::Misc {
            4096
        } else {
            32
        };
        assert!(reg.index < limit, "{bytes:02x?}");
        assert_ne!((reg.class, reg.index), (RegClass::Int, 0), "{bytes:02x?}");
    }
    let shapeless = flags.intersects(F::UNKNOWN | F::VECTOR);
    assert_eq!(
        inst.access_size != 0,
        flags.is_mem() && !shapeless,
        "{bytes:02x?}"
    );
    assert!(
        !shapeless || inst.num_src + inst.num_dst == 0,
        "{bytes:02x?}"
    );
    let direct = flags.contains(F::DIRECT_CTRL);
    let indirect = flags.contains(F::INDIRECT_CTRL);
    assert_eq!(flags.is_ctrl(), direct != indirect, "{bytes:02x?}");
}

#[test]
fn every_16_bit_encoding_is_answered() {
    let mut known = 0;
    for half in 0..=u16::MAX {
        let [b0, b1] = half.to_le_bytes();
        if b0 & 3 == 3 {
            continue;
        }
        let inst = decode(4, &[b0, b1]).unwrap();
        check_invariants([b0, b1, 0, 0], &inst);
        known += u32::from(!inst.flags.contains(F::UNKNOWN));
    }
    // 3 quadrants of 2^14, less what RV64GC reserves: in quadrant 0 funct3 4 and c.addi4spn 0;
    // in quadrant 1 c.addiw x0, c.lui and c.addi16sp 0, and two of eight register operations;
    // in quadrant 2 c.lwsp and c.ldsp to x0, and c.jr x0.
    let reserved = (2048 + 8) + (64 + 32 + 128) + (64 + 64 + 1);
    assert_eq!(known, 3 * 16384 - reserved);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_bytes_are_answered(pc: u64, bytes: [u8; 4], more: [u8; 4]) {
        let inst = decode(pc, &bytes).unwrap();
        check_invariants(bytes, &inst);
        prop_assert_eq!(inst.pc, pc);
        let longer = [bytes, more].concat();
        prop_assert_eq!(decode(pc, &longer).unwrap(), inst);
    }
}
