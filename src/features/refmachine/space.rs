//! The reference machines and their parameters.
//!
//! A Latin hypercube over the ranges that real cores have, within each group of like windows.

use super::lanes::{Lanes, GROUP, KINDS, MACHINES, PORTS, UNITS};

/// One reference machine's parameters; latencies in cycles.
pub(super) struct Machine {
    /// Quarters of an instruction that are dispatched in a cycle: bubbles make odd numbers.
    pub width: i32,
    pub redirect: i32,
    /// Accesses, integer operations, floating-point operations begun in a cycle.
    pub ports: i32,
    pub alus: i32,
    pub fpus: i32,
    /// How far fetch may run ahead of dispatch.
    pub lead: i32,
    pub alu: i32,
    pub mul: i32,
    pub div: i32,
    pub fp_add: i32,
    pub fp_mul: i32,
    pub fp_div: i32,
    /// Ways that hit in L1D; sets 64 (`l1_wide` false) or 256.
    pub l1_ways: u8,
    pub l1_wide: bool,
    pub l1: i32,
    /// Ways that hit in L2; sets 1024 or 4096 (`l2_wide`).
    pub l2_ways: u8,
    pub l2_wide: bool,
    pub l2: i32,
    pub memory: i32,
    /// Cycles between two lines from memory.
    pub line: i32,
    /// L1D misses under way at once.
    pub mshrs: i32,
    /// 0 bimodal, 1 gshare, 2 TAGE, 3 a small bimodal.
    pub predictor: u8,
    /// Indirect targets by 0 a table behind recent history, 1 the last one, 2 a small table.
    pub targets: u8,
    pub prefetch: bool,
    /// Ways of 64 sets that hit in L1I.
    pub l1i_ways: u8,
    /// Bytes fetched at once: 8 shifted left by this.
    pub fetch: u8,
    pub l1i: i32,
    pub btb_ways: u8,
    /// Whether the issue queue of its group limits it.
    pub queues: bool,
    /// Whether loads that once passed a conflicting store learn to wait for it.
    pub store_sets: bool,
}

macro_rules! machine {
    ($w:expr, $r:expr, $p:expr, $a:expr, $f:expr, $lead:expr;
     $alu:expr, $mul:expr, $div:expr, $fa:expr, $fm:expr, $fd:expr;
     $l1w:literal $l1s:literal, $l1:expr; $l2w:literal $l2s:literal, $l2:expr;
     $m:expr, $ln:expr, $mshrs:expr; $bp:expr, $last:expr, $pf:expr;
     $i:expr, $fetch:expr, $l1i:expr, $b:expr; $queues:expr, $sets:expr) => {
        Machine {
            width: $w,
            redirect: $r,
            ports: $p,
            alus: $a,
            fpus: $f,
            lead: $lead,
            alu: $alu,
            mul: $mul,
            div: $div,
            fp_add: $fa,
            fp_mul: $fm,
            fp_div: $fd,
            l1_ways: $l1w,
            l1_wide: $l1s,
            l1: $l1,
            l2_ways: $l2w,
            l2_wide: $l2s,
            l2: $l2,
            memory: $m,
            line: $ln,
            mshrs: $mshrs,
            predictor: $bp,
            targets: $last,
            prefetch: $pf,
            l1i_ways: $i,
            fetch: $fetch,
            l1i: $l1i,
            btb_ways: $b,
            queues: $queues,
            store_sets: $sets,
        }
    };
}

#[rustfmt::skip]
pub(super) static SPACE: [Machine; MACHINES] = [
    // width redirect ports alus fpus lead; alu mul div fa fm fd; L1D ways wide, lat; L2 ways wide, lat;
    // memory line mshrs; predictor targets prefetch; L1I ways, fetch, lat, btb; queues store_sets
    machine!(3, 7, 1, 1, 2, 2; 1, 2, 34, 3, 6, 12; 4 false, 2; 16 true, 10; 40, 4, 1; 2, 0, false; 4, 3, 1, 8; true, true),
    machine!(4, 3, 1, 1, 1, 4; 1, 5, 24, 2, 3, 16; 8 true, 2; 8 false, 16; 180, 14, 4; 0, 0, false; 16, 2, 1, 1; true, false),
    machine!(4, 5, 2, 1, 1, 2; 3, 3, 9, 6, 5, 22; 4 false, 4; 8 true, 32; 140, 6, 1; 0, 0, false; 2, 0, 3, 2; true, true),
    machine!(5, 9, 2, 3, 1, 4; 1, 4, 9, 2, 4, 22; 1 false, 3; 16 false, 22; 320, 10, 4; 2, 2, true; 16, 1, 1, 16; true, true),
    machine!(16, 10, 1, 3, 1, 6; 1, 5, 16, 6, 3, 22; 4 false, 6; 4 true, 19; 140, 6, 16; 2, 1, true; 4, 2, 3, 1; true, true),
    machine!(8, 7, 1, 1, 2, 8; 1, 2, 24, 5, 3, 12; 1 false, 4; 4 false, 22; 80, 14, 8; 2, 0, false; 8, 1, 3, 16; true, true),
    machine!(6, 6, 1, 1, 1, 4; 1, 5, 9, 4, 7, 8; 8 false, 2; 16 true, 16; 50, 20, 2; 3, 2, false; 8, 3, 2, 1; true, true),
    machine!(10, 12, 1, 3, 3, 4; 1, 4, 24, 3, 5, 12; 4 false, 3; 8 true, 8; 180, 44, 32; 0, 0, false; 16, 1, 1, 16; false, true),
    machine!(12, 16, 2, 2, 1, 4; 1, 5, 34, 5, 4, 12; 8 true, 4; 16 false, 8; 110, 4, 4; 1, 2, false; 8, 1, 2, 2; true, true),
    machine!(7, 11, 1, 1, 3, 4; 2, 4, 16, 4, 3, 8; 2 false, 5; 4 true, 26; 320, 6, 1; 3, 0, true; 8, 0, 3, 16; true, true),
    machine!(6, 12, 3, 2, 3, 12; 1, 4, 9, 6, 4, 16; 8 false, 6; 2 false, 22; 140, 20, 4; 2, 0, false; 4, 1, 3, 4; true, true),
    machine!(4, 14, 1, 4, 1, 8; 2, 2, 4, 4, 5, 22; 8 false, 3; 16 true, 16; 180, 44, 32; 2, 2, true; 8, 0, 2, 1; true, true),
    machine!(10, 16, 4, 6, 3, 6; 1, 5, 16, 2, 5, 12; 4 false, 4; 8 false, 22; 320, 44, 8; 2, 0, true; 8, 3, 1, 1; true, true),
    machine!(20, 10, 2, 6, 1, 8; 1, 2, 4, 2, 3, 30; 2 false, 4; 16 false, 19; 450, 10, 32; 2, 0, false; 2, 0, 1, 8; false, true),
    machine!(24, 18, 3, 4, 2, 4; 1, 4, 24, 6, 4, 8; 4 true, 6; 8 true, 16; 60, 8, 4; 2, 2, true; 4, 0, 3, 1; true, true),
    machine!(8, 13, 3, 3, 3, 4; 1, 4, 9, 4, 7, 8; 8 false, 2; 4 true, 32; 140, 20, 32; 2, 0, false; 8, 3, 3, 16; true, true),
];

/// The parameters as one vector each.
#[derive(Clone)]
pub(super) struct Parameters {
    pub slot: Lanes,
    pub fetch_slot: Lanes,
    /// Time that an operation holds its port, by class of port.
    pub port: [Lanes; PORTS],
    pub redirect: Lanes,
    /// What a jump costs that is first seen at decode.
    pub decode: Lanes,
    pub lead: Lanes,
    pub latency: [Lanes; KINDS],
    pub l1_ways: Lanes,
    pub l1_wide: Lanes,
    pub l2_ways: Lanes,
    pub l2_wide: Lanes,
    pub l1: Lanes,
    pub l2: Lanes,
    pub memory: Lanes,
    pub line: Lanes,
    /// log2 of the misses under way at once.
    pub mshrs: Lanes,
    pub prefetch: Lanes,
    pub l1i_ways: Lanes,
    /// Per pattern of blocks entered (see `Event::blocks`): time to the first instruction.
    pub enter: [Lanes; 16],
    pub btb_ways: Lanes,
    pub in_order: Lanes,
    pub queues: Lanes,
    /// All ones where loads pass stores whose addresses are not known.
    pub speculates: Lanes,
    /// All ones where they learn not to.
    pub store_sets: Lanes,
    /// Per value of `direction_miss`: all ones where the machine's predictor was wrong.
    pub wrong: [Lanes; 16],
    /// Per value of `target_miss`, likewise.
    pub lost: [Lanes; 8],
}

fn each(f: impl Fn(&Machine) -> i32) -> Lanes {
    Lanes(std::array::from_fn(|m| f(&SPACE[m])))
}

/// All the machines.
pub(super) fn parameters() -> Parameters {
    let flag = |b: bool| -i32::from(b);
    let cycles = |f: fn(&Machine) -> i32| each(|m| f(m) * UNITS);
    let in_order = Lanes(std::array::from_fn(|m| flag(m < GROUP)));
    Parameters {
        slot: each(|m| 4 * UNITS / m.width),
        // Fetch is wider than what follows.
        fetch_slot: each(|m| 5 * UNITS / (2 * m.width)),
        port: [
            each(|m| UNITS / m.alus),
            each(|_| UNITS),
            each(|m| UNITS / m.fpus),
            each(|m| UNITS / m.ports),
        ],
        redirect: cycles(|m| m.redirect),
        decode: each(|m| m.redirect * UNITS / 2),
        lead: cycles(|m| m.lead),
        latency: [
            cycles(|m| m.alu),
            cycles(|m| m.mul),
            cycles(|m| m.div),
            cycles(|m| m.fp_add),
            cycles(|m| m.fp_mul),
            cycles(|m| m.fp_div),
            cycles(|m| m.fp_div + m.fp_div / 2),
            each(|_| 0),
            each(|_| UNITS),
        ],
        l1_ways: each(|m| i32::from(m.l1_ways)),
        l1_wide: each(|m| flag(m.l1_wide)),
        l2_ways: each(|m| i32::from(m.l2_ways)),
        l2_wide: each(|m| flag(m.l2_wide)),
        l1: cycles(|m| m.l1),
        l2: cycles(|m| m.l2),
        memory: cycles(|m| m.memory),
        line: cycles(|m| m.line),
        mshrs: each(|m| m.mshrs.ilog2() as i32),
        prefetch: each(|m| flag(m.prefetch)),
        l1i_ways: each(|m| i32::from(m.l1i_ways)),
        enter: std::array::from_fn(|bits| {
            each(|m| {
                if bits >> m.fetch & 1 == 1 {
                    m.l1i * UNITS
                } else {
                    0
                }
            })
        }),
        btb_ways: each(|m| i32::from(m.btb_ways)),
        in_order,
        queues: Lanes(std::array::from_fn(|m| {
            !in_order[m] & flag(SPACE[m].queues)
        })),
        speculates: Lanes(in_order.map(|m| !m)),
        store_sets: each(|m| flag(m.store_sets)),
        wrong: std::array::from_fn(|bits| each(|m| flag(bits >> m.predictor & 1 == 1))),
        lost: std::array::from_fn(|bits| each(|m| flag(bits >> m.targets & 1 == 1))),
    }
}
