//! What both ends of a trace expect of the next retirement.
//!
//! Writer and reader hold the same [`Predictor`] and update it alike, so that only surprises are
//! stored. The rules are part of the format: see [`super::format`].

use crate::inst::{InstId, StaticInst};

/// How `next_pc` of a retirement follows from what is known anyway.
pub(super) mod mode {
    /// It is 0.
    pub const UNKNOWN: u64 = 0;
    /// It is the pc of the next retirement.
    pub const SUCCESSOR: u64 = 1;
    /// It is stored.
    pub const OTHER: u64 = 2;
}

/// An edge: successor id (32 bits), flags of the retirement (3), mode of its `next_pc` (2).
pub(super) type Edge = u64;

/// No edge was seen yet; not a valid edge.
const NONE: Edge = u64::MAX;

#[inline]
pub(super) fn edge(successor: InstId, flags: u64, mode: u64) -> Edge {
    u64::from(successor) | flags << 32 | mode << 35
}

#[inline]
pub(super) fn successor(edge: Edge) -> InstId {
    edge as u32
}

#[inline]
pub(super) fn flags(edge: Edge) -> u32 {
    (edge >> 32) as u32 & 7
}

#[inline]
pub(super) fn next_pc_mode(edge: Edge) -> u64 {
    edge >> 35
}

/// What is remembered of one static instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// The two edges used last, the last one first.
    edges: [Edge; 2],
    last: u64,
    stride: u64,
    last_difference: u64,
    pub pc: u64,
    pub fall_through: u64,
    mem: bool,
    accessed: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Predictor {
    pub states: Vec<State>,
    last_address: u64,
    last_mode: u64,
}

impl Predictor {
    pub fn intern(&mut self, inst: &StaticInst) {
        self.states.push(State {
            edges: [NONE; 2],
            last: 0,
            stride: 0,
            last_difference: 0,
            pc: inst.pc,
            fall_through: inst.fall_through(),
            mem: inst.flags.is_mem(),
            accessed: false,
        });
    }

    /// The edge out of `id` that is expected, and the second guess.
    #[inline]
    pub fn edges(&self, id: InstId) -> [Edge; 2] {
        let [first, second] = self.states[id as usize].edges;
        if first == NONE {
            // Ids are given in order of first use, so new code mostly runs in order of ids.
            return [edge(id.wrapping_add(1), 0, self.last_mode), NONE];
        }
        [first, second]
    }

    /// Notes the edge taken out of `id`.
    #[inline]
    pub fn follow(&mut self, id: InstId, taken: Edge) {
        let mode = next_pc_mode(taken);
        if mode == mode::OTHER {
            return; // it would never be expected again
        }
        let state = &mut self.states[id as usize];
        if state.edges[0] != taken {
            state.edges = [taken, state.edges[0]];
            self.last_mode = mode;
        }
    }

    /// The address that is expected of `id`, and the one that a surprise is relative to.
    #[inline]
    pub fn address(&self, id: InstId) -> (u64, u64) {
        let s = &self.states[id as usize];
        if s.accessed {
            (s.last.wrapping_add(s.stride), s.last)
        } else if s.mem {
            (self.last_address, self.last_address)
        } else {
            (0, 0)
        }
    }

    /// Notes the address of `id`. Of an instruction without memory access nothing is remembered.
    #[inline]
    pub fn access(&mut self, id: InstId, address: u64) {
        let s = &mut self.states[id as usize];
        if !s.mem {
            return;
        }
        let difference = address.wrapping_sub(s.last);
        if s.accessed {
            // A stride must be seen twice, so that the jump between two runs does not disturb it.
            if difference == s.last_difference {
                s.stride = difference;
            }
            s.last_difference = difference;
        }
        s.last = address;
        s.accessed = true;
        self.last_address = address;
    }
}
