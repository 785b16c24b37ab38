//! A retirement as a line of text.

use perfvec::inst::Retirement;
use perfvec::trace::Step;
use std::fmt::{Display, Formatter, Result};

/// What retired, in words: "0x0000000000010552 MemRead:4 load dst=Int10 src=Int2 address=0x7f0+8".
pub struct Line<'a>(pub &'a Step);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Step {
            inst, retirement, ..
        } = self.0;
        write!(f, "{:#018x} {}:{}", inst.pc, inst.op.name(), inst.size)?;
        for (name, _) in inst.flags.iter_names() {
            write!(f, " {}", name.to_lowercase())?;
        }
        for (label, registers) in [("dst", inst.destinations()), ("src", inst.sources())] {
            for r in registers {
                write!(f, " {label}={:?}{}", r.class, r.index)?;
            }
        }
        if inst.flags.is_mem() {
            write!(f, " address={:#x}+{}", retirement.address, inst.access_size)?;
        }
        if let Some(taken) = self.0.taken {
            f.write_str(if taken { " taken" } else { " not-taken" })?;
        }
        if retirement.next_pc != 0 {
            write!(f, " next={:#x}", retirement.next_pc)?;
        }
        if retirement.flags & Retirement::FAULT != 0 {
            f.write_str(" fault")?;
        }
        match self.0.cycles {
            Some(cycles) => write!(f, " cycles={cycles}"),
            None => Ok(()),
        }
    }
}
