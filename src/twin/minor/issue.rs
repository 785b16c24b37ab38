//! Issue of an in-order core: to which unit an instruction goes, and when.

use super::super::parts::{At, Part};
use super::super::prepared::{Prepared, Unit, NO_REG, REGS};
use super::super::stage::Stage;
use super::InOrder;

/// Kinds of units, each a range of pipes.
pub(super) const KINDS: usize = 10;
/// What a load is assumed to take when what follows is issued (`extraAssumedLat`).
pub(super) const ASSUMED: u64 = 2;

/// Instructions that were issued behind one that the pipeline is emptied for, to be fetched again:
/// they are discarded in order, each when it has been through its unit.
#[derive(Clone)]
pub(super) struct Discarded {
    /// Where they were issued, none from `until` on.
    pub(super) issue: Stage,
    pub(super) until: u64,
    /// When their operands could be used.
    pub(super) ready: [u64; REGS],
}

/// The writer of a register.
#[derive(Clone, Copy, Default)]
pub(super) struct Writer {
    /// When it committed, and whether it was the last that could in that cycle.
    pub(super) at: u64,
    pub(super) last: bool,
    /// Which retirement it was.
    pub(super) number: u64,
}

pub(super) fn kind(unit: Unit) -> usize {
    match unit {
        Unit::Alu => 0,
        Unit::Mul => 1,
        Unit::Div => 2,
        Unit::FpAdd => 3,
        Unit::FpMul | Unit::Fma => 4,
        Unit::FpDiv => 5,
        Unit::FpSqrt => 6,
        Unit::Simd => 7,
        Unit::Load | Unit::Store | Unit::Csr => 8,
        Unit::None => 9,
    }
}

impl InOrder {
    /// Issues `i` to a unit.
    pub(super) fn issue(&mut self, i: &Prepared, arrives: At) -> (usize, At) {
        let memory = i.load || i.store;
        let (first, end) = self.kinds[kind(i.unit)];
        let mut at = arrives;
        let slack = self.pipes[first].slack;
        for s in i.src.into_iter().filter(|_| i.unit != Unit::None) {
            // Once its writer has committed, nothing waits for the assumed latency any more.
            let (ready, written) = (self.ready[usize::from(s)], self.written[usize::from(s)]);
            let when = ready.cycle().saturating_sub(slack).min(written.at);
            if when > at.cycle() {
                at = At::new(when, ready.part());
            }
        }
        let issue = |this: &mut Self, at: At| {
            let at = this.issue.pass(at);
            if !memory {
                return at;
            }
            let passed = this.memory_issue.pass(at);
            if passed.cycle() > at.cycle() {
                this.issue.pass(passed);
            }
            if this.memory_issue.full() {
                this.issue.fill();
            }
            passed
        };
        // When it could be issued, were there a unit; then a unit.
        let (stages, earliest) = ((self.issue, self.memory_issue), issue(self, at));
        let (mut pipe, mut free) = (first, u64::MAX);
        for (n, p) in self.pipes[first..end].iter().enumerate() {
            let when = p.accepts(earliest.cycle());
            if when < free {
                (pipe, free) = (first + n, when);
            }
        }
        if free <= earliest.cycle() {
            return (pipe, earliest);
        }
        (self.issue, self.memory_issue) = stages;
        (pipe, issue(self, At::new(free, Part::Ports)))
    }

    /// `i` was issued once before it was fetched again, unless the pipeline was emptied earlier: it
    /// keeps its unit busy, and nothing commits until it has left it.
    pub(super) fn discard(&mut self, i: &Prepared, mut d: Box<Discarded>) {
        let (first, end) = self.kinds[kind(i.unit)];
        let units = &mut self.pipes[first..end];
        let sources = (i.src.iter()).map(|s| d.ready[usize::from(*s)]).max();
        let mut at = d.issue.last().cycle();
        at = at.max(sources.unwrap_or(0).saturating_sub(units[0].slack));
        let Some(unit) = units.iter_mut().min_by_key(|u| u.accepts(at)) else {
            return;
        };
        let at = d.issue.pass(At::new(unit.accepts(at), Part::Ports)).cycle();
        if at >= d.until {
            return;
        }
        let left = unit.push(at).max(self.head.cycle());
        unit.leave(left);
        self.head = self.head.max(At::new(left, Part::Ports));
        if i.dst != NO_REG {
            let assumed = if i.load { ASSUMED } else { 0 };
            d.ready[usize::from(i.dst)] = at + unit.latency + assumed;
        }
        self.discarded = Some(d);
    }

    /// When `i` is at the end of its unit.
    pub(super) fn end(&mut self, pipe: usize, issued: At) -> At {
        let p = &mut self.pipes[pipe];
        let ended = p.push(issued.cycle());
        let cause = if p.latency > 1 && issued.part() == Part::Base {
            Part::Dependence
        } else {
            issued.part()
        };
        At::new(ended, cause)
    }
}
