//! What each mnemonic means, written from the manual and gem5's decoder without the library's own
//! decoder in view. Mnemonics are those of `objdump -M no-aliases`.

use perfvec::inst::InstFlags as F;
use perfvec::inst::OpClass::{self, *};

/// The properties of a mnemonic.
pub struct Entry {
    pub op: OpClass,
    pub flags: F,
    pub access_size: u8,
    /// One letter per operand: `d` destination, `s` source, `b` both, `m` a memory operand whose
    /// base is a source and comes before all others, `i` anything that is no register, `c` a CSR.
    /// `@` stands for an implied destination x1.
    pub operands: &'static str,
}

type Row = (OpClass, F, u8, &'static str, &'static str);

const NONE: F = F::empty();
const COND: F = F::COND_CTRL.union(F::DIRECT_CTRL);
const JUMP: F = F::UNCOND_CTRL.union(F::DIRECT_CTRL);
const JUMP_REG: F = F::UNCOND_CTRL.union(F::INDIRECT_CTRL);
const SERIAL: F = F::SERIALIZE_AFTER.union(F::NON_SPECULATIVE);
const FENCE: F = F::READ_BARRIER.union(F::WRITE_BARRIER);
const AMO: F = F::ATOMIC.union(F::LOAD).union(F::STORE);
const LR: F = F::LOAD.union(F::LOAD_RESERVED);
const SC: F = F::STORE.union(F::STORE_CONDITIONAL);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (IntAlu, NONE, 0, "dss", "add sub sll slt sltu xor srl sra or and addw subw sllw srlw sraw"),
    (IntAlu, NONE, 0, "dss", "add.uw sh1add sh2add sh3add sh1add.uw sh2add.uw sh3add.uw"),
    (IntAlu, NONE, 0, "dss", "andn orn xnor max maxu min minu rol ror rolw rorw"),
    (IntAlu, NONE, 0, "dss", "bclr bext binv bset"),
    (IntAlu, NONE, 0, "dsi", "addi slti sltiu xori ori andi slli srli srai addiw slliw srliw sraiw"),
    (IntAlu, NONE, 0, "dsi", "slli.uw rori roriw bclri bexti binvi bseti"),
    (IntAlu, NONE, 0, "ds", "clz clzw ctz ctzw cpop cpopw sext.b sext.h zext.h rev8 orc.b"),
    (IntAlu, NONE, 0, "di", "lui auipc c.li c.lui"),
    (IntAlu, NONE, 0, "bi", "c.addi c.addiw c.addi16sp c.slli c.srli c.srai c.andi"),
    (IntAlu, NONE, 0, "b", "c.slli64 c.srli64 c.srai64"),
    (IntAlu, NONE, 0, "dsi", "c.addi4spn"),
    (IntAlu, NONE, 0, "bs", "c.add c.sub c.xor c.or c.and c.addw c.subw"),
    (IntAlu, NONE, 0, "ds", "c.mv"),
    (IntAlu, NONE, 0, "i", "c.nop"),
    (IntMult, NONE, 0, "dss", "mul mulh mulhsu mulhu mulw"),
    (IntDiv, NONE, 0, "dss", "div divu rem remu divw divuw remw remuw"),
    (IntAlu, COND, 0, "ssi", "beq bne blt bge bltu bgeu"),
    (IntAlu, COND, 0, "si", "c.beqz c.bnez"),
    (IntAlu, JUMP, 0, "di", "jal"),
    (IntAlu, JUMP, 0, "i", "c.j"),
    (IntAlu, JUMP_REG, 0, "dm", "jalr"),
    (IntAlu, JUMP_REG, 0, "s", "c.jr"),
    (IntAlu, JUMP_REG, 0, "s@", "c.jalr"),
    (MemRead, F::LOAD, 1, "dm", "lb lbu"),
    (MemRead, F::LOAD, 2, "dm", "lh lhu"),
    (MemRead, F::LOAD, 4, "dm", "lw lwu c.lw c.lwsp"),
    (MemRead, F::LOAD, 8, "dm", "ld c.ld c.ldsp"),
    (MemWrite, F::STORE, 1, "sm", "sb"),
    (MemWrite, F::STORE, 2, "sm", "sh"),
    (MemWrite, F::STORE, 4, "sm", "sw c.sw c.swsp"),
    (MemWrite, F::STORE, 8, "sm", "sd c.sd c.sdsp"),
    (FloatMemRead, F::LOAD, 4, "dm", "flw"),
    (FloatMemRead, F::LOAD, 8, "dm", "fld c.fld c.fldsp"),
    (FloatMemWrite, F::STORE, 4, "sm", "fsw"),
    (FloatMemWrite, F::STORE, 8, "sm", "fsd c.fsd c.fsdsp"),
    (MemRead, LR, 4, "dm", "lr.w"),
    (MemRead, LR, 8, "dm", "lr.d"),
    (MemWrite, SC, 4, "dsm", "sc.w"),
    (MemWrite, SC, 8, "dsm", "sc.d"),
    (MemRead, AMO, 4, "dsm", "amoadd.w amoswap.w amoxor.w amoor.w amoand.w"),
    (MemRead, AMO, 4, "dsm", "amomin.w amomax.w amominu.w amomaxu.w"),
    (MemRead, AMO, 8, "dsm", "amoadd.d amoswap.d amoxor.d amoor.d amoand.d"),
    (MemRead, AMO, 8, "dsm", "amomin.d amomax.d amominu.d amomaxu.d"),
    (No_OpClass, FENCE, 0, "ii", "fence"),
    (No_OpClass, FENCE, 0, "", "fence.tso pause"),
    (No_OpClass, SERIAL.union(F::SQUASH_AFTER), 0, "", "fence.i wfi"),
    (No_OpClass, SERIAL.union(F::SYSCALL), 0, "", "ecall"),
    (No_OpClass, SERIAL, 0, "", "ebreak c.ebreak"),
    (No_OpClass, SERIAL, 0, "ss", "sfence.vma"),
    (IntAlu, SERIAL.union(JUMP_REG), 0, "", "mret sret"),
    (No_OpClass, SERIAL, 0, "dcs", "csrrw csrrs csrrc"),
    (No_OpClass, SERIAL, 0, "dci", "csrrwi csrrsi csrrci"),
    (FloatAdd, NONE, 0, "dss", "fadd.s fadd.d fsub.s fsub.d"),
    (FloatMult, NONE, 0, "dss", "fmul.s fmul.d"),
    (FloatDiv, NONE, 0, "dss", "fdiv.s fdiv.d"),
    (FloatSqrt, NONE, 0, "ds", "fsqrt.s fsqrt.d"),
    (FloatMultAcc, NONE, 0, "dsss", "fmadd.s fmsub.s fnmadd.s fnmsub.s"),
    (FloatMultAcc, NONE, 0, "dsss", "fmadd.d fmsub.d fnmadd.d fnmsub.d"),
    (FloatMisc, NONE, 0, "dss", "fsgnj.s fsgnjn.s fsgnjx.s fsgnj.d fsgnjn.d fsgnjx.d"),
    (FloatMisc, NONE, 0, "ds", "fclass.s fclass.d"),
    (FloatCmp, NONE, 0, "dss", "fmin.s fmax.s fmin.d fmax.d feq.s flt.s fle.s feq.d flt.d fle.d"),
    (FloatCvt, NONE, 0, "ds", "fcvt.s.d fcvt.d.s fmv.x.w fmv.x.d fmv.w.x fmv.d.x"),
    (FloatCvt, NONE, 0, "ds", "fcvt.w.s fcvt.wu.s fcvt.l.s fcvt.lu.s fcvt.s.w fcvt.s.wu"),
    (FloatCvt, NONE, 0, "ds", "fcvt.s.l fcvt.s.lu fcvt.w.d fcvt.wu.d fcvt.l.d fcvt.lu.d"),
    (FloatCvt, NONE, 0, "ds", "fcvt.d.w fcvt.d.wu fcvt.d.l fcvt.d.lu"),
];

/// The entry of `mnemonic`, with the barriers of its ordering suffix.
pub fn lookup(mnemonic: &str) -> Option<Entry> {
    let ordered = [".aqrl", ".aq", ".rl"]
        .into_iter()
        .find_map(|suffix| mnemonic.strip_suffix(suffix));
    let base = ordered.unwrap_or(mnemonic);
    let row = ROWS
        .iter()
        .find(|row| row.4.split(' ').any(|name| name == base))?;
    let barriers = if ordered.is_some() { FENCE } else { NONE };
    Some(Entry {
        op: row.0,
        flags: row.1 | barriers,
        access_size: row.2,
        operands: row.3,
    })
}

/// The number of a CSR that objdump names.
pub fn csr_number(name: &str) -> Option<u16> {
    let known = match name {
        "fflags" => 0x001,
        "frm" => 0x002,
        "fcsr" => 0x003,
        "cycle" => 0xc00,
        "time" => 0xc01,
        "instret" => 0xc02,
        "satp" => 0x180,
        "mstatus" => 0x300,
        _ => return u16::from_str_radix(name.strip_prefix("0x")?, 16).ok(),
    };
    Some(known)
}
