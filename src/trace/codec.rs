//! A block's content to bytes and back, before compression. The layout is in [`super::format`].

use super::format::{BLOCK_RETIREMENTS, BLOCK_STATICS};
use super::predict::{self, edge, mode, Predictor};
use super::statics::{put_static, take_static};
use super::varint::{put, take, take_u32, take_u8, unzigzag, zigzag};
use super::{Block, Timed};
use crate::bytes::corrupt;
use crate::error::Result;
use crate::inst::{InstId, Retirement};

/// Columns: statics, runs, edges, address runs, addresses, cycles.
const COLUMNS: usize = 6;
const STATICS: usize = 0;
const CYCLES: usize = 5;

/// The state that writer and reader carry from block to block.
#[derive(Debug, Clone, Default)]
pub(super) struct Codec {
    predictor: Predictor,
    expected_pc: u64,
    columns: [Vec<u8>; COLUMNS],
}

impl Codec {
    /// Replaces `out` with the bytes of `block`, whose ids must be interned by it or before.
    pub fn encode(&mut self, block: &Block, out: &mut Vec<u8>) {
        self.columns.iter_mut().for_each(Vec::clear);
        for inst in &block.statics {
            put_static(&mut self.columns[STATICS], inst, self.expected_pc);
            self.expected_pc = inst.fall_through();
            self.predictor.intern(inst);
        }
        self.encode_edges(&block.retirements);
        self.encode_addresses(&block.retirements);
        encode_timed(&mut self.columns[CYCLES], &block.timed);
        out.clear();
        for column in &self.columns {
            put(out, column.len() as u64);
        }
        for column in &self.columns {
            out.extend_from_slice(column);
        }
    }

    fn encode_edges(&mut self, retirements: &[Retirement]) {
        let [_, runs, edges, ..] = &mut self.columns;
        let (Some(first), Some(last)) = (retirements.first(), retirements.last()) else {
            return;
        };
        put(edges, u64::from(first.inst));
        let mut run = 0u64;
        for pair in retirements.windows(2) {
            let (r, next) = (&pair[0], &pair[1]);
            let mode = if r.next_pc == 0 {
                mode::UNKNOWN
            } else if r.next_pc == self.predictor.states[next.inst as usize].pc {
                mode::SUCCESSOR
            } else {
                mode::OTHER
            };
            let actual = edge(next.inst, u64::from(r.flags), mode);
            let [expected, second] = self.predictor.edges(r.inst);
            if actual == expected {
                run += 1;
            } else if actual == second {
                put(runs, run << 1);
                run = 0;
            } else {
                put(runs, run << 1 | 1);
                run = 0;
                let difference = u64::from(next.inst).wrapping_sub(u64::from(r.inst));
                put(edges, zigzag(difference));
                edges.push(r.flags as u8 | (mode as u8) << 3);
                if mode == mode::OTHER {
                    let fall_through = self.predictor.states[r.inst as usize].fall_through;
                    put(edges, zigzag(r.next_pc.wrapping_sub(fall_through)));
                }
            }
            self.predictor.follow(r.inst, actual);
        }
        edges.push(last.flags as u8);
        let fall_through = self.predictor.states[last.inst as usize].fall_through;
        put(edges, zigzag(last.next_pc.wrapping_sub(fall_through)));
    }

    fn encode_addresses(&mut self, retirements: &[Retirement]) {
        let [_, _, _, runs, addresses, _] = &mut self.columns;
        let mut run = 0u64;
        for r in retirements {
            let (expected, base) = self.predictor.address(r.inst);
            if r.address == expected {
                run += 1;
            } else {
                put(runs, run);
                run = 0;
                put(addresses, zigzag(r.address.wrapping_sub(base)));
            }
            self.predictor.access(r.inst, r.address);
        }
    }

    /// Replaces `block` with what `raw` holds, which must be `retirements` and `statics` long.
    /// Nothing beyond these counts is allocated. After an error the codec is of no further use.
    pub fn decode(
        &mut self,
        raw: &[u8],
        retirements: usize,
        statics: usize,
        block: &mut Block,
    ) -> Result<()> {
        debug_assert!(retirements <= BLOCK_RETIREMENTS && statics <= BLOCK_STATICS);
        let mut columns = split(raw)?;
        block.statics.clear();
        for _ in 0..statics {
            let inst = take_static(&mut columns[STATICS], self.expected_pc)?;
            self.expected_pc = inst.fall_through();
            self.predictor.intern(&inst);
            block.statics.push(inst);
        }
        block.retirements.clear();
        block.retirements.resize(retirements, Retirement::default());
        self.decode_edges(&mut columns, &mut block.retirements)?;
        self.decode_addresses(&mut columns, &mut block.retirements)?;
        decode_timed(&mut columns[CYCLES], retirements, &mut block.timed)?;
        match columns.iter().position(|c| !c.is_empty()) {
            Some(i) => Err(corrupt(format!("column {i} holds more than the block"))),
            None => Ok(()),
        }
    }

    fn decode_edges(
        &mut self,
        columns: &mut [&[u8]; COLUMNS],
        out: &mut [Retirement],
    ) -> Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let [_, runs, edges, ..] = columns;
        let mut id = self.known(take(edges)?)?;
        let (mut run, mut explicit) = take_run(runs)?;
        let last = out.len() - 1;
        for r in &mut out[..last] {
            let [expected, second] = self.predictor.edges(id);
            let mut stored_pc = 0;
            let actual = if run > 0 {
                run -= 1;
                expected
            } else {
                let is_explicit = explicit;
                (run, explicit) = take_run(runs)?;
                if is_explicit {
                    let difference = unzigzag(take(edges)?);
                    let next = self.known(u64::from(id).wrapping_add(difference))?;
                    let bits = u64::from(take_u8(edges)?);
                    let mode = bits >> 3;
                    if mode == mode::OTHER {
                        let fall_through = self.predictor.states[id as usize].fall_through;
                        stored_pc = fall_through.wrapping_add(unzigzag(take(edges)?));
                    } else if mode > mode::OTHER {
                        return Err(corrupt("an edge has an unknown next-pc mode"));
                    }
                    edge(next, bits & 7, mode)
                } else {
                    second
                }
            };
            let next = predict::successor(actual);
            // An absent second guess and the id after the last one fail here too.
            let Some(state) = self.predictor.states.get(next as usize) else {
                return Err(corrupt("an edge leads to an unknown static instruction"));
            };
            r.inst = id;
            r.flags = predict::flags(actual);
            r.next_pc = match predict::next_pc_mode(actual) {
                mode::UNKNOWN => 0,
                mode::SUCCESSOR => state.pc,
                _ => stored_pc,
            };
            self.predictor.follow(id, actual);
            id = next;
        }
        let flags = take_u8(edges)?;
        if flags > 7 {
            return Err(corrupt("the last retirement has unknown flags"));
        }
        let fall_through = self.predictor.states[id as usize].fall_through;
        out[last] = Retirement {
            inst: id,
            flags: u32::from(flags),
            address: 0,
            next_pc: fall_through.wrapping_add(unzigzag(take(edges)?)),
        };
        Ok(())
    }

    fn decode_addresses(
        &mut self,
        columns: &mut [&[u8]; COLUMNS],
        out: &mut [Retirement],
    ) -> Result<()> {
        let [_, _, _, runs, addresses, _] = columns;
        let mut run = take_address_run(runs)?;
        for r in out {
            let (expected, base) = self.predictor.address(r.inst);
            if run > 0 {
                run -= 1;
                r.address = expected;
            } else {
                r.address = base.wrapping_add(unzigzag(take(addresses)?));
                run = take_address_run(runs)?;
            }
            self.predictor.access(r.inst, r.address);
        }
        Ok(())
    }

    fn known(&self, id: u64) -> Result<InstId> {
        if id < self.predictor.states.len() as u64 {
            Ok(id as InstId)
        } else {
            Err(corrupt("a retirement names an unknown static instruction"))
        }
    }
}

/// The next run and whether an explicit edge ends it; past the last one every edge is expected.
#[inline]
fn take_run(runs: &mut &[u8]) -> Result<(u64, bool)> {
    if runs.is_empty() {
        return Ok((u64::MAX, false));
    }
    let token = take(runs)?;
    Ok((token >> 1, token & 1 == 1))
}

#[inline]
fn take_address_run(runs: &mut &[u8]) -> Result<u64> {
    if runs.is_empty() {
        return Ok(u64::MAX);
    }
    take(runs)
}

fn split(raw: &[u8]) -> Result<[&[u8]; COLUMNS]> {
    let mut rest = raw;
    let mut lengths = [0; COLUMNS];
    for length in &mut lengths {
        *length = take(&mut rest)?;
    }
    let mut columns = [&[][..]; COLUMNS];
    for (column, length) in columns.iter_mut().zip(lengths) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        (*column, rest) = rest
            .split_at_checked(length)
            .ok_or_else(|| corrupt("a column is longer than its block"))?;
    }
    if !rest.is_empty() {
        return Err(corrupt("bytes follow the last column"));
    }
    Ok(columns)
}

fn encode_timed(out: &mut Vec<u8>, timed: &[Timed]) {
    put(out, timed.len() as u64);
    let mut at = 0;
    for window in timed {
        put(out, (window.start - at) as u64);
        put(out, window.cycles.len() as u64);
        at = window.start + window.cycles.len();
        for &cycles in &window.cycles {
            put(out, u64::from(cycles));
        }
    }
}

fn decode_timed(column: &mut &[u8], retirements: usize, out: &mut Vec<Timed>) -> Result<()> {
    out.clear();
    let mut at = 0u64;
    let limit = retirements as u64;
    for _ in 0..take(column)? {
        let start = at.saturating_add(take(column)?);
        let length = take(column)?;
        at = start.saturating_add(length);
        if length == 0 || at > limit {
            return Err(corrupt("a timed window is empty or outside its block"));
        }
        let mut cycles = Vec::with_capacity(length as usize);
        for _ in 0..length {
            cycles.push(take_u32(column)?);
        }
        out.push(Timed {
            start: start as usize,
            cycles,
        });
    }
    Ok(())
}
