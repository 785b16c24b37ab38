//! The row of a retirement, from what each part made of it; in the order of [`columns`](super::columns).

use super::branch::Outcome;
use super::columns::{DYNAMIC, STATIC};
use super::dependences::Producer;
use super::fetch::Fetched;
use super::lanes::{Lanes, MACHINES, UNITS};
use super::memory::Access;
use super::prepare::Prepared;
use super::scale::{flag, log2_1p, Logs, DEPTH};
use super::set_depth::ABSENT;

/// One retirement.
pub(super) struct Parts<'a> {
    pub n: u64,
    pub taken: bool,
    pub inst: &'a Prepared,
    pub fetched: &'a Fetched,
    pub outcome: &'a Outcome,
    pub access: &'a Access,
    pub producers: [Producer; 2],
    /// Retirements of the last mispredicted transfer, and of the last far access.
    pub last_miss: u64,
    pub last_far: u64,
}

/// Writes `row`, in pieces of known lengths, so that each is written at once.
#[inline(always)]
pub(super) fn write(
    row: &mut [f32],
    fixed: &[f32; STATIC],
    parts: &Parts,
    logs: &Logs,
    delta: &Lanes,
) {
    const ALL: &str = "a row has every column";
    let (columns, row) = row.split_first_chunk_mut::<STATIC>().expect(ALL);
    *columns = *fixed;
    let (columns, row) = row.split_first_chunk_mut::<DYNAMIC>().expect(ALL);
    *columns = dynamic(parts, logs);
    machines(row, delta);
}

#[inline(always)]
fn dynamic(p: &Parts, logs: &Logs) -> [f32; DYNAMIC] {
    let log = |n: u64| logs.of(n);
    let depth = |d: u8| DEPTH[usize::from(d)];
    let (outcome, access, fetched) = (p.outcome, p.access, p.fetched);
    let (data, [near, second]) = (access.depths, p.producers);
    [
        flag(p.taken),
        flag(fetched.depths[0] != 0),
        depth(fetched.depths[0]),
        depth(fetched.depths[1]),
        depth(outcome.btb_depth),
        flag(outcome.bimodal),
        flag(outcome.gshare),
        flag(outcome.tage),
        flag(outcome.target),
        depth(data[0]),
        depth(data[1]),
        depth(data[2]),
        depth(data[3]),
        flag(data[0] > 2),
        flag(data[0] > 4),
        flag(data[0] > 8),
        flag(data[0] == ABSENT),
        flag(data[2] > 4),
        flag(data[2] > 8),
        flag(data[2] == ABSENT),
        flag(data[3] > 8),
        flag(data[3] == ABSENT),
        flag(access.stride_hit),
        log(access.stride),
        flag(access.sequential),
        access.forward,
        depth(access.page),
        flag(access.same_row),
        near.nearness(p.n),
        second.nearness(p.n),
        flag(near.load),
        depth(near.depth),
        flag(p.inst.mem && near.load),
        log(p.n - p.last_miss),
        log(p.n - p.last_far),
        flag(outcome.small),
        flag(outcome.last_target),
        flag(outcome.few_targets),
        flag(fetched.new_block[0]),
        flag(fetched.new_block[1]),
        flag(fetched.new_block[2]),
        access.conflict,
    ]
}

/// Cycles of each reference machine, and their logarithms.
#[inline(always)]
fn machines(row: &mut [f32], delta: &Lanes) {
    // One long loop, like those of the machines, and only then the copies to the row.
    let (mut linear, mut logs) = ([0.0; MACHINES], [0.0; MACHINES]);
    for m in 0..MACHINES {
        let cycles = delta[m] as f32 / UNITS as f32;
        linear[m] = cycles;
        logs[m] = log2_1p(cycles);
    }
    row[..MACHINES].copy_from_slice(&linear);
    row[MACHINES..2 * MACHINES].copy_from_slice(&logs);
}
