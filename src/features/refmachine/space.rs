//! The sixteen reference machines and their parameters.

use super::machines::{Lanes, KINDS, MACHINES, UNITS};

/// One reference machine's parameters; latencies in cycles.
pub(super) struct Machine {
    pub width: i32,
    pub redirect: i32,
    pub ports: i32,
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
    /// 0 bimodal, 1 gshare, 2 TAGE, 3 never wrong.
    pub predictor: u8,
    pub prefetch: bool,
    pub l1i_ways: u8,
    pub btb_ways: u8,
    pub mul: i32,
    pub div: i32,
    pub fp_add: i32,
    pub fp_mul: i32,
    pub fp_div: i32,
}

macro_rules! machine {
    ($w:expr, $r:expr, $p:expr; $l1w:expr, $l1s:expr, $l1:expr; $l2w:expr, $l2s:expr, $l2:expr; $m:expr, $ln:expr; $bp:expr, $pf:expr; $i:expr, $b:expr; $mul:expr, $div:expr, $fa:expr, $fm:expr, $fd:expr) => {
        Machine {
            width: $w,
            redirect: $r,
            ports: $p,
            l1_ways: $l1w,
            l1_wide: $l1s,
            l1: $l1,
            l2_ways: $l2w,
            l2_wide: $l2s,
            l2: $l2,
            memory: $m,
            line: $ln,
            predictor: $bp,
            prefetch: $pf,
            l1i_ways: $i,
            btb_ways: $b,
            mul: $mul,
            div: $div,
            fp_add: $fa,
            fp_mul: $fm,
            fp_div: $fd,
        }
    };
}

#[rustfmt::skip]
pub(super) static SPACE: [Machine; MACHINES] = [
    // width redirect ports; L1D ways wide lat; L2 ways wide lat; memory line; bp pf; L1I btb; mul div fa fm fd
    machine!(1,  3, 1;  4, false, 2;  8, false, 10;  60, 12; 0, false;  4, 1;  3, 20, 4, 4, 20),
    machine!(2,  6, 1;  8, false, 3; 16, false, 16; 120,  8; 1, true;   8, 4;  3, 12, 4, 5, 16),
    machine!(2,  8, 1;  2, false, 1;  4, false,  8; 200, 24; 0, false;  2, 1;  5, 34, 2, 3, 30),
    machine!(4, 10, 2;  4, true,  4; 16, true,  20;  90,  6; 2, true;   8, 8;  3, 10, 3, 4, 12),
    machine!(2,  8, 1;  8, false, 3;  8, false, 12; 150, 12; 1, false;  8, 2;  3, 20, 4, 5, 20),
    machine!(3, 12, 1;  2, false, 2; 16, false, 14;  80,  6; 2, true;   4, 4;  4, 16, 3, 3, 14),
    machine!(4, 10, 2; 12, false, 4; 16, true,  24; 240, 16; 0, true;   8, 8;  3, 12, 4, 4, 24),
    machine!(2, 16, 1;  4, false, 3;  4, false, 10; 110, 24; 2, false;  2, 2;  5, 40, 5, 6, 30),
    machine!(3, 10, 1;  4, false, 3; 16, false, 12;  90,  8; 0, false;  4, 4;  3, 12, 3, 4, 12),
    machine!(4, 14, 2;  8, false, 4;  8, true,  16; 160, 10; 2, true;   8, 8;  3, 18, 4, 4, 16),
    machine!(6, 12, 2;  2, true,  3;  8, false, 20; 220, 16; 1, false;  4, 2;  4, 24, 2, 3, 20),
    machine!(4, 18, 1;  8, false, 2; 16, true,  30; 300,  6; 1, true;   8, 4;  3, 10, 5, 5, 10),
    machine!(4, 12, 2;  4, false, 4; 16, false, 14; 100,  6; 1, true;   8, 8;  3, 12, 3, 4, 12),
    machine!(6, 16, 2; 12, false, 5; 16, true,  18; 180,  8; 2, false;  8, 8;  3, 14, 4, 4, 14),
    machine!(8, 20, 3;  8, true,  4;  8, true,  40; 300, 12; 3, true;   8, 8;  4, 20, 4, 5, 18),
    // Never misses a cache or a branch: what dataflow and width alone allow.
    machine!(8,  0, 3; 17, true,  3; 17, true,   3;   3,  0; 3, true;  17, 17; 3, 12, 3, 4, 12),
];

/// The parameters as one vector each.
#[derive(Clone)]
pub(super) struct Parameters {
    pub slot: Lanes,
    pub port: Lanes,
    pub redirect: Lanes,
    pub latency: [Lanes; KINDS],
    pub l1_ways: Lanes,
    pub l1_wide: Lanes,
    pub l2_ways: Lanes,
    pub l2_wide: Lanes,
    pub l1: Lanes,
    pub l2: Lanes,
    pub memory: Lanes,
    pub line: Lanes,
    pub prefetch: Lanes,
    pub l1i_ways: Lanes,
    pub btb_ways: Lanes,
    pub in_order: Lanes,
    /// Per value of `direction_miss`: all ones where the machine's predictor was wrong.
    pub wrong: [Lanes; 8],
    pub fallible: Lanes,
}

fn each(f: impl Fn(&Machine) -> i32) -> Lanes {
    std::array::from_fn(|m| f(&SPACE[m]))
}

/// The sixteen machines.
pub(super) fn parameters() -> Parameters {
    let flag = |b: bool| -i32::from(b);
    let cycles = |f: fn(&Machine) -> i32| each(|m| f(m) * UNITS);
    Parameters {
        slot: each(|m| UNITS / m.width),
        port: each(|m| UNITS / m.ports),
        redirect: cycles(|m| m.redirect),
        latency: [
            each(|_| UNITS),
            cycles(|m| m.mul),
            cycles(|m| m.div),
            cycles(|m| m.fp_add),
            cycles(|m| m.fp_mul),
            cycles(|m| m.fp_div),
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
        prefetch: each(|m| flag(m.prefetch)),
        l1i_ways: each(|m| i32::from(m.l1i_ways)),
        btb_ways: each(|m| i32::from(m.btb_ways)),
        in_order: std::array::from_fn(|m| flag(m < 4)),
        wrong: std::array::from_fn(|bits| {
            each(|m| flag(m.predictor < 3 && bits >> m.predictor & 1 == 1))
        }),
        fallible: each(|m| flag(m.predictor < 3)),
    }
}
