//! Branch predictors of twins: `cargo bench --bench predictors -- TRACE.pvt`.
//!
//! Prints for each predictor how often it was wrong on a trace, and what it costs a branch to
//! predict and to train. Two tests compare with gem5:
//!
//! - `--counts` prints the counts alone, as JSON, by the names of gem5's statistics, for
//!   `tests/gem5/predictors.py`. gem5's atomic CPU trains a mispredicted branch only when the next
//!   one is predicted rightly.
//! - `--directions LATE` prints for each predictor how many directions were wrong and a hash of all
//!   of them, where each branch trains LATE branches later and all random numbers are zero, and
//!   `--export FILE` writes the branches, for `tests/gem5/predictors_alone.py`.

use perfvec::inst::InstFlags;
use perfvec::trace::{Block, Reader};
use perfvec::twin::predictors::branch_unit::{BranchUnit, Control, Found, Parameters};
use perfvec::twin::predictors::{Direction, Kind, Record};
use std::collections::VecDeque;
use std::time::Instant;

/// Retirements of a trace that are read, so that it fits memory.
const MOST: usize = 100_000_000;
/// Sizes are those of tests/gem5/branches.py.
const LOG2: u32 = 12;
const TYPES: [&str; 6] = [
    "DirectCond",
    "DirectUncond",
    "CallDirect",
    "CallIndirect",
    "IndirectUncond",
    "Return",
];

fn type_of(flags: InstFlags) -> usize {
    if flags.contains(InstFlags::RETURN) {
        return 5;
    }
    let direct = flags.contains(InstFlags::DIRECT_CTRL);
    match (flags.contains(InstFlags::CALL), direct) {
        (true, true) => 2,
        (true, false) => 3,
        (false, true) if flags.contains(InstFlags::COND_CTRL) => 0,
        (false, true) => 1,
        (false, false) => 4,
    }
}

/// The control transfers of a trace; where each went is where the next retirement is.
fn load(file: &str) -> (Vec<Control>, usize) {
    let mut reader = Reader::open(file).unwrap_or_else(|e| panic!("{e}"));
    let (mut statics, mut controls, mut block) = (Vec::new(), Vec::new(), Block::default());
    let (mut retired, mut open) = (0, None::<Control>);
    while retired < MOST
        && reader
            .next_block(&mut block)
            .unwrap_or_else(|e| panic!("{e}"))
    {
        statics.extend_from_slice(&block.statics);
        for r in &block.retirements {
            let inst = &statics[r.inst as usize];
            if let Some(c) = open.take() {
                let conditional = c.flags.contains(InstFlags::COND_CTRL);
                controls.push(Control {
                    taken: !conditional || inst.pc != c.pc + u64::from(c.size),
                    target: inst.pc,
                    ..c
                });
            }
            if inst.flags.is_ctrl() {
                open = Some(Control {
                    pc: inst.pc,
                    size: inst.size,
                    flags: inst.flags,
                    taken: false,
                    target: 0,
                });
            }
        }
        retired += block.retirements.len();
    }
    (controls, retired)
}

#[derive(Default)]
struct Counts {
    wrong: [u64; 6],
    wrong_direction: u64,
    predicted_taken: u64,
    no_target: u64,
}

/// Runs all branches through, each trained as in gem5's atomic CPU.
fn run(unit: &mut BranchUnit, controls: &[Control]) -> Counts {
    let mut counts = Counts::default();
    for c in controls {
        let fetched = unit.fetch(c);
        if c.flags.contains(InstFlags::COND_CTRL) {
            counts.wrong_direction += u64::from(!fetched.right_direction);
            counts.predicted_taken += u64::from(fetched.right_direction == c.taken);
        }
        if fetched.found == Found::Right {
            unit.commit_all();
        } else {
            counts.wrong[type_of(c.flags)] += 1;
            counts.no_target += u64::from(fetched.no_target && c.taken);
        }
    }
    counts
}

/// The branches as records of address, next address and properties: conditional (1), taken (2),
/// indirect (4).
fn export(controls: &[Control], file: &str) {
    let mut bytes = Vec::with_capacity(controls.len() * 17);
    for c in controls {
        bytes.extend_from_slice(&c.pc.to_le_bytes());
        bytes.extend_from_slice(&c.target.to_le_bytes());
        let conditional = u8::from(c.flags.contains(InstFlags::COND_CTRL));
        let indirect = u8::from(!c.flags.contains(InstFlags::DIRECT_CTRL));
        bytes.push(conditional | u8::from(c.taken) << 1 | indirect << 2);
    }
    std::fs::write(file, bytes).unwrap_or_else(|e| panic!("{file}: {e}"));
}

/// Wrong directions, and a hash (FNV-1a) of all of them.
fn directions(kind: Kind, controls: &[Control], late: usize) -> (u64, u64) {
    let mut p = Direction::new(kind, LOG2).without_chance();
    let (mut wrong, mut hash) = (0, 0xcbf2_9ce4_8422_2325u64);
    let mut flight: VecDeque<(Record, &Control)> = VecDeque::new();
    for c in controls {
        let record = if c.flags.contains(InstFlags::COND_CTRL) {
            let (said, record) = p.predict(c.pc, c.taken);
            wrong += u64::from(said != c.taken);
            hash = (hash ^ u64::from(said)).wrapping_mul(0x100_0000_01b3);
            record
        } else {
            {
                let mut record = Record::default();
                p.unconditional(c.pc, !c.flags.contains(InstFlags::DIRECT_CTRL), &mut record);
                record
            }
        };
        flight.push_back((record, c));
        if flight.len() > late {
            let (record, c) = flight.pop_front().expect("not empty");
            p.train(&record, c.taken, c.target);
        }
    }
    (wrong, hash)
}

fn main() {
    let args: Vec<_> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let after = |name: &str| args.iter().position(|a| a == name).map(|i| &args[i + 1]);
    let counts_only = args.iter().any(|a| a == "--counts");
    let Some(file) = args.iter().find(|a| a.ends_with(".pvt")) else {
        println!("predictors: give a trace (.pvt)");
        return;
    };
    let (controls, retired) = load(file);
    if let Some(file) = after("--export") {
        export(&controls, file);
    }
    if let Some(late) = after("--directions") {
        let late = late.parse().expect("--directions: a number of branches");
        for kind in Kind::ALL {
            let (wrong, hash) = directions(kind, &controls, late);
            println!("{} {wrong} {hash:016x}", kind.name());
        }
        return;
    }
    let conditional = controls
        .iter()
        .filter(|c| c.flags.contains(InstFlags::COND_CTRL));
    let conditional = conditional.count();
    if !counts_only {
        println!(
            "{retired} retirements, {} branches, {conditional} conditional",
            controls.len()
        );
        println!(
            "{:<16} {:>9} {:>9} {:>8} {:>8}",
            "predictor", "wrong", "direction", "of 1000", "ns each"
        );
    }
    let mut lines = Vec::new();
    for predictor in Kind::ALL {
        let mut unit = BranchUnit::new(&Parameters {
            predictor,
            predictor_log2: LOG2,
            btb_log2: 12,
            ras: 16,
            indirect_log2: 7,
            compressed_looks_taken: false,
        });
        let start = Instant::now();
        let counts = run(&mut unit, &controls);
        let ns = start.elapsed().as_secs_f64() * 1e9 / controls.len().max(1) as f64;
        let wrong: u64 = counts.wrong.iter().sum();
        let name = predictor.name();
        if counts_only {
            let types: Vec<_> = TYPES
                .iter()
                .zip(counts.wrong)
                .map(|(name, n)| format!("\"{name}\": {n}"))
                .collect();
            lines.push(format!(
                "\"{name}\": {{\"condIncorrect\": {wrong}, \"condPredicted\": {conditional}, \"condPredictedTaken\": {}, \"predTakenBTBMiss\": {}, \"corrected\": {{{}}}}}",
                counts.predicted_taken,
                counts.no_target,
                types.join(", ")
            ));
        } else {
            println!(
                "{name:<16} {wrong:>9} {:>9} {:>8.2} {ns:>8.1}",
                counts.wrong_direction,
                1000.0 * counts.wrong_direction as f64 / conditional.max(1) as f64
            );
        }
    }
    if counts_only {
        println!("{{{}}}", lines.join(",\n"));
    }
}
