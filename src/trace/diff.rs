//! Where two traces part.

use super::import::Blocks;
use super::steps::{Step, Steps};
use crate::error::{Error, ErrorKind, Result};
use crate::inst::Retirement;
use std::collections::{HashMap, VecDeque};

/// What [`first_difference`] compares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Retirements to keep before the difference.
    pub context: usize,
    /// Start at the first retirement at this pc in each trace, such as the address of `main`;
    /// `None` for the start of the traces.
    pub from: Option<u64>,
    /// What of the data addresses is compared.
    pub addresses: Addresses,
}

/// How data addresses of two traces are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Addresses {
    /// They are equal.
    #[default]
    Equal,
    /// The hosts place the program's memory (stack, mappings) at pages of their own: addresses
    /// agree where they lie at the same offset of a 4 KiB page, and every page of one trace stands
    /// for one page of the other throughout.
    MovedPages,
    /// They are not compared.
    Ignored,
}

const PAGE: u64 = 4096;

/// Which page of one trace stands for which of the other.
#[derive(Default)]
struct Pages([HashMap<u64, u64>; 2]);

impl Pages {
    /// Whether `a` and `b` may be one place; if so, their pages belong together from here on.
    fn same(&mut self, a: u64, b: u64) -> bool {
        let pages = [a / PAGE, b / PAGE];
        let [forth, back] = &mut self.0;
        a % PAGE == b % PAGE
            && *forth.entry(pages[0]).or_insert(pages[1]) == pages[1]
            && *back.entry(pages[1]).or_insert(pages[0]) == pages[0]
    }
}

/// What differs between two retirements to the [`StreamHash`](super::StreamHash), where addresses
/// are compared as `how` says.
fn causes(a: &Step, b: &Step, how: Addresses, pages: &mut Pages) -> Vec<&'static str> {
    let places = (a.retirement.address, b.retirement.address);
    let mem = a.inst.flags.is_mem() || b.inst.flags.is_mem();
    let moved = mem
        && match how {
            Addresses::Equal => places.0 != places.1,
            Addresses::MovedPages => !pages.same(places.0, places.1),
            Addresses::Ignored => false,
        };
    let fault = (a.retirement.flags ^ b.retirement.flags) & Retirement::FAULT != 0;
    let outcome = matches!((a.taken, b.taken), (Some(x), Some(y)) if x != y);
    let pc = a.inst.pc != b.inst.pc;
    [
        (pc, "pc"),
        (!pc && a.inst != b.inst, "decoded instruction"),
        (moved, "address"),
        (fault, "fault"),
        (outcome, "outcome"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect()
}

/// The first disagreement of two traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Index of the first retirement that differs, from where the comparison started.
    pub index: u64,
    /// Retirements of each trace before that start.
    pub skipped: [u64; 2],
    /// What differs: `length`, `pc`, `decoded instruction`, `address`, `fault`, `outcome`.
    pub causes: Vec<&'static str>,
    /// That retirement in the first trace; `None` if it has ended.
    pub a: Option<Step>,
    /// That retirement in the second trace; `None` if it has ended.
    pub b: Option<Step>,
    /// The retirements before it, on which both agree (at most as many as asked for).
    pub before: Vec<Step>,
}

/// The first retirement on which two traces disagree in the sense of the
/// [`StreamHash`](super::StreamHash) and `options`. Both readers must be at the start (else: error
/// of kind `State`); a trace that never comes to `options.from` is an error of kind `NotFound`.
pub fn first_difference(
    a: &mut dyn Blocks,
    b: &mut dyn Blocks,
    options: &DiffOptions,
) -> Result<Option<Difference>> {
    let (mut a, mut b) = (Steps::new(a)?, Steps::new(b)?);
    let skipped = match options.from {
        None => [0, 0],
        Some(pc) => [
            skip_to(&mut a, pc, "first")?,
            skip_to(&mut b, pc, "second")?,
        ],
    };
    let mut pages = Pages::default();
    let mut before = VecDeque::new();
    for index in 0.. {
        let (a, b) = (a.next().transpose()?, b.next().transpose()?);
        let causes = match (&a, &b) {
            (None, None) => return Ok(None),
            (Some(a), Some(b)) => causes(a, b, options.addresses, &mut pages),
            _ => vec!["length"],
        };
        if !causes.is_empty() {
            return Ok(Some(Difference {
                index,
                skipped,
                causes,
                a,
                b,
                before: before.into(),
            }));
        }
        if options.context > 0 {
            if before.len() == options.context {
                before.pop_front();
            }
            before.extend(a);
        }
    }
    Ok(None)
}

/// Passes over the retirements before the first one at `pc`, and counts them.
fn skip_to(steps: &mut Steps<'_>, pc: u64, trace: &str) -> Result<u64> {
    for skipped in 0.. {
        if steps.peek().is_some_and(|step| step.inst.pc == pc) {
            return Ok(skipped);
        }
        if steps.next().transpose()?.is_none() {
            break;
        }
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!("no instruction at {pc:#x} retires in the {trace} trace; give the address of one that both programs run"),
    ))
}
