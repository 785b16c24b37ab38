//! What a line of disassembly says that its static instruction must be.

use perfvec::inst::InstFlags as F;
use perfvec::inst::{Reg, RegClass, StaticInst};

use crate::disassembly::Line;
use crate::table::{csr_number, lookup};

const ROUNDING_MODES: &[&str] = &["rne", "rtz", "rdn", "rup", "rmm", "dyn"];

/// Registers as objdump writes them with `-M numeric`.
fn register(text: &str) -> Option<Reg> {
    let (class, digits) = match text.split_at_checked(1)? {
        ("x", digits) => (RegClass::Int, digits),
        ("f", digits) => (RegClass::Float, digits),
        _ => return None,
    };
    // A jump's target, which is hexadecimal, may start with f too.
    let index = digits
        .parse()
        .ok()
        .filter(|&n| digits.len() <= 2 && n < 32)?;
    Some(Reg { class, index })
}

fn is_zero(reg: Reg) -> bool {
    reg.class == RegClass::Int && reg.index == 0
}

/// The static instruction at address 0 that `line` describes; an error says what is not understood.
pub fn expected(line: &Line) -> Result<StaticInst, String> {
    let entry = lookup(&line.mnemonic).ok_or("the mnemonic is not in the table")?;
    let mut fields: Vec<&str> = line.operands.split(',').filter(|f| !f.is_empty()).collect();
    let listed = entry.operands.trim_end_matches('@').len();
    if fields.len() == listed + 1 && ROUNDING_MODES.contains(&fields[listed]) {
        fields.pop();
    }
    if fields.len() != listed {
        return Err(format!("{listed} operands expected, {fields:?} found"));
    }
    let (mut base, mut sources, mut destinations, mut csr) = (None, vec![], vec![], None);
    let mut registers = vec![];
    for (kind, field) in entry.operands.chars().zip(&fields) {
        let named = match kind {
            'm' => field
                .rsplit_once('(')
                .and_then(|(_, r)| register(r.strip_suffix(')')?)),
            'i' | 'c' => None,
            _ => register(field),
        };
        if named.is_none() && !matches!(kind, 'i' | 'c') || kind == 'i' && register(field).is_some()
        {
            return Err(format!("operand {field} is not of kind {kind}"));
        }
        registers.extend(named);
        match kind {
            'd' => destinations.extend(named),
            's' => sources.extend(named),
            'b' => {
                sources.extend(named);
                destinations.extend(named);
            }
            'm' => base = named,
            'c' => csr = Some(csr_number(field).ok_or(format!("CSR {field} is not known"))?),
            _ => {}
        }
    }
    if entry.operands.ends_with('@') {
        let ra = Reg {
            class: RegClass::Int,
            index: 1,
        };
        destinations.push(ra);
        registers.insert(0, ra);
    }
    let mut inst = StaticInst::new(0, entry.op, line.bytes.len() as u8);
    inst.flags = entry.flags | control_hints(&line.mnemonic, &registers);
    inst.access_size = entry.access_size;
    for reg in base.into_iter().chain(sources).filter(|&r| !is_zero(r)) {
        inst.push_src(reg.class, reg.index);
    }
    for reg in destinations.into_iter().filter(|&r| !is_zero(r)) {
        inst.push_dst(reg.class, reg.index);
    }
    if let Some(number) = csr {
        add_csr(&mut inst, &line.mnemonic, number, fields[0], fields[2]);
    }
    Ok(inst)
}

/// Calls and returns by the table of hints in the manual's section on jalr.
fn control_hints(mnemonic: &str, registers: &[Reg]) -> F {
    let link = |reg: Reg| reg.index == 1 || reg.index == 5;
    match (mnemonic, registers) {
        ("jal", &[rd]) if link(rd) => F::CALL,
        ("c.jr", &[rs1]) if link(rs1) => F::RETURN,
        ("jalr" | "c.jalr", &[rd, rs1]) => match (link(rd), link(rs1)) {
            (false, false) => F::empty(),
            (false, true) => F::RETURN,
            (true, false) => F::CALL,
            (true, true) if rd == rs1 => F::CALL,
            (true, true) => F::CALL | F::RETURN,
        },
        _ => F::empty(),
    }
}

/// The table of the manual's section on CSR instructions: when each reads and writes its CSR.
fn add_csr(inst: &mut StaticInst, mnemonic: &str, number: u16, rd: &str, operand: &str) {
    let nothing_to_set = operand == "x0" || operand == "0";
    let (reads, writes) = match mnemonic {
        "csrrw" | "csrrwi" => (rd != "x0", true),
        _ => (true, !nothing_to_set),
    };
    if reads {
        inst.push_src(RegClass::Misc, number);
    }
    if writes {
        inst.push_dst(RegClass::Misc, number);
    }
    if number == 0x180 {
        inst.flags |= F::SQUASH_AFTER;
    }
}
