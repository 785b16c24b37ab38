//! The published features of a stream far longer than its footprint: exact, in memory proportional
//! to the distinct lines.
//!
//!     cargo test --release --test features long -- --ignored --nocapture
//!
//! `PERFVEC_SOAK` sets the number of retirements (10^9 unless set), `PERFVEC_LINES` that of lines.

use perfvec::features::perfvec51::{PerfVec51, SCHEMA};
use perfvec::features::Extractor;
use perfvec::inst::{InstFlags, OpClass, Resolved, StaticInst};
use perfvec_test_support::alone;

/// Columns of the distances among loaded and among stored lines.
const LOAD: usize = 20;
const STORE: usize = 21;

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    1024 * kibibytes
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |n| n.parse().unwrap())
}

/// When each line was last loaded from, or stored to.
struct Last {
    loads: Vec<u32>,
    stores: Vec<u32>,
}

impl Last {
    /// The stack distance of a line, by definition: the lines since, and itself.
    fn distance(last: &[u32], line: usize) -> f32 {
        (1 + last.iter().filter(|t| **t > last[line]).count()) as f32
    }
}

/// `lines` distinct lines in an order without a pattern, loads and stores in turns.
fn run(total: u64, lines: u64, checks: u64) {
    let mut extractor = PerfVec51::new();
    for (id, op, flag) in [
        (0, OpClass::MemRead, InstFlags::LOAD),
        (1, OpClass::MemWrite, InstFlags::STORE),
    ] {
        let mut inst = StaticInst::new(0x1000 + 4 * u64::from(id), op, 4);
        inst.flags = flag;
        extractor.intern(id, &inst);
    }
    let before = resident();
    let mut last = Last {
        loads: vec![0; lines as usize],
        stores: vec![0; lines as usize],
    };
    let own = 8 * lines;
    let mut row = vec![0.0; SCHEMA.len()];
    let (mut state, mut settled, mut checked) = (1u64, 0, 0);
    let start = std::time::Instant::now();
    for i in 0..total {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let line = (((state >> 33) * lines) >> 31) as usize;
        let r = Resolved {
            inst: (i % 2) as u32,
            address: 64 * line as u64,
            ..Resolved::default()
        };
        // All lines are known after a tenth of the stream.
        let check = i >= total / 10 && i % (total / checks).max(1) == 0;
        extractor.step(&r, check.then_some(&mut row[..]));
        if check {
            checked += 1;
            assert_eq!(row[LOAD], Last::distance(&last.loads, line), "{i}");
            assert_eq!(row[STORE], Last::distance(&last.stores, line), "{i}");
        }
        let table = if i % 2 == 0 {
            &mut last.loads
        } else {
            &mut last.stores
        };
        table[line] = (i / 2) as u32 + 1;
        if i == total / 10 {
            settled = resident();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let end = resident();
    let each = (end - before).saturating_sub(own) as f64 / lines as f64;
    println!(
        "{total} retirements over {lines} lines, {checked} checked: {seconds:.1} s, {} MiB resident after a tenth, {} MiB at the end, {each:.0} bytes a line",
        settled >> 20,
        end >> 20
    );
    assert!(checked as f64 > 0.8 * checks as f64);
    assert!(
        end <= settled + (4 << 20),
        "memory grew from {settled} to {end}"
    );
    assert!(each < 300.0, "{each} bytes a line");
}

#[test]
fn distances_are_exact_and_memory_follows_lines() {
    if !alone("long::distances_are_exact_and_memory_follows_lines") {
        return;
    }
    run(2_000_000, 20_000, 50);
}

#[test]
#[ignore = "takes minutes"]
fn distances_of_a_thousand_million_retirements_over_a_million_lines() {
    run(
        number("PERFVEC_SOAK", 1_000_000_000),
        number("PERFVEC_LINES", 1_000_000),
        200,
    );
}
