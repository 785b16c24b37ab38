//! Twins against the cycles of timed traces, and how fast they are.
//!
//!     cargo bench --bench twin -- CORES.json x.pvt ... [--stock] [--textbook] [--on NAME ...]
//!
//! CORES.json is a list of cores (`gem5-glue/configs/microarchs.py`). A trace recorded on a timing CPU
//! names its core and holds its cycles: the error is that of the sum over all timed retirements.
//! Other traces are timed on the cores named by `--on`, without an error.

use perfvec::inst::{Resolved, Retirement};
use perfvec::trace::{Block, Reader};
use perfvec::twin::parameters::{CoreKind, CoreParameters};
use perfvec::twin::parts::Part;
use perfvec::twin::rules::Rules;
use perfvec::twin::Twin;
use std::collections::BTreeMap;
use std::time::Instant;

fn main() {
    let mut files = Vec::new();
    let mut on = Vec::new();
    let mut rules = Rules::GEM5;
    let mut detail = 0usize;
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "--bench" => {}
            "--stock" => rules = Rules::GEM5_STOCK,
            "--textbook" => rules = Rules::TEXTBOOK,
            "--on" => on.push(args.next().expect("a name")),
            "--detail" => detail = args.next().expect("a number").parse().expect("a number"),
            _ => files.push(a),
        }
    }
    if files.is_empty() {
        println!("no cores and traces given; see the top of benches/twin.rs");
        return;
    }
    let cores: Vec<serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(&files[0]).expect("cores")).expect("JSON");
    let cores: BTreeMap<String, CoreParameters> = cores
        .iter()
        .map(|c| {
            let map = c.as_object().expect("objects");
            let name = map["name"].as_str().expect("a name").to_string();
            let kind = if map["kind"] == "o3" {
                CoreKind::OutOfOrder
            } else {
                CoreKind::InOrder
            };
            let p = CoreParameters::from_map(&name, &CoreParameters::middle(kind), map)
                .expect("a core");
            (name, p)
        })
        .collect();
    let (mut errors, mut signed) = (Vec::new(), Vec::new());
    for file in &files[1..] {
        let mut reader = Reader::open(file).expect("a trace");
        let named = reader.header().metadata.get("name").cloned();
        let mut stream: Vec<Retirement> = Vec::new();
        let mut statics = Vec::new();
        let mut timed: Vec<(usize, u32)> = Vec::new();
        let mut block = Block::default();
        while reader.next_block(&mut block).expect("whole") {
            statics.extend_from_slice(&block.statics);
            for t in &block.timed {
                timed.extend(
                    t.cycles
                        .iter()
                        .enumerate()
                        .map(|(i, c)| (stream.len() + t.start + i, *c)),
                );
            }
            stream.extend_from_slice(&block.retirements);
        }
        let resolved: Vec<Resolved> = (0..stream.len())
            .map(|i| {
                let r = &stream[i];
                let inst = &statics[r.inst as usize];
                let next = stream.get(i + 1).map_or(0, |n| statics[n.inst as usize].pc);
                let taken = inst.flags.is_ctrl() && next != 0 && next != inst.fall_through();
                Resolved {
                    inst: r.inst,
                    taken,
                    fault: false,
                    address: r.address,
                    target: if taken { next } else { 0 },
                }
            })
            .collect();
        let names: Vec<String> = if timed.is_empty() || !on.is_empty() {
            on.clone()
        } else {
            named.into_iter().collect()
        };
        for name in names {
            let Some(p) = cores.get(&name) else {
                println!("{file}: no core {name}");
                continue;
            };
            let mut twin = Twin::new(p, &rules);
            statics.iter().for_each(|s| twin.intern(s));
            let start = Instant::now();
            let mut parts = [0u64; Part::COUNT];
            let mut ours = 0u64;
            let mut theirs = 0u64;
            let mut next = timed.iter().peekable();
            let mut by_pc: BTreeMap<u32, (u64, i64, u64)> = BTreeMap::new();
            for (n, r) in resolved.iter().enumerate() {
                let (cycles, part) = twin.step(r);
                if timed.is_empty() {
                    parts[part as usize] += cycles;
                    ours += cycles;
                } else if let Some((_, c)) = next.next_if(|t| t.0 == n) {
                    parts[part as usize] += cycles;
                    ours += cycles;
                    theirs += u64::from(*c);
                    if detail > 0 {
                        let e = by_pc.entry(r.inst).or_default();
                        e.0 += 1;
                        e.1 += cycles as i64 - i64::from(*c);
                        e.2 += u64::from(*c);
                    }
                }
            }
            let rate = resolved.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
            let count = if timed.is_empty() {
                resolved.len()
            } else {
                timed.len()
            };
            let file_name = file.rsplit('/').next().unwrap_or(file);
            print!(
                "{file_name:32} {name:18} {count:>9} cpi {:7.3}",
                ours as f64 / count as f64
            );
            if theirs > 0 {
                let e = ours as f64 / theirs as f64 - 1.0;
                errors.push(e.abs());
                signed.push(e);
                print!(
                    " gem5 {:7.3} error {:+6.1}%",
                    theirs as f64 / count as f64,
                    100.0 * e
                );
            }
            print!(" {rate:5.1}M/s |");
            for part in Part::ALL {
                let share = 100.0 * parts[part as usize] as f64 / ours.max(1) as f64;
                if share >= 1.0 {
                    print!(" {} {share:.0}", part.name());
                }
            }
            println!();
            if detail > 0 {
                let mut worst: Vec<_> = by_pc.into_iter().collect();
                worst.sort_by_key(|(_, e)| std::cmp::Reverse(e.1.abs()));
                for (inst, (n, diff, theirs)) in worst.into_iter().take(detail) {
                    let s = &statics[inst as usize];
                    println!(
                        "    {:#x} {:12} {:?} n {n} gem5 {:.2} ours {:+.2} ({:+.2}%)",
                        s.pc,
                        s.op.name(),
                        s.flags,
                        theirs as f64 / n as f64,
                        diff as f64 / n as f64,
                        100.0 * diff as f64 / ours as f64
                    );
                }
            }
        }
    }
    if !errors.is_empty() {
        let n = errors.len() as f64;
        errors.sort_by(f64::total_cmp);
        println!(
            "{} pairs: mean {:.2}% bias {:+.2}% median {:.2}% p90 {:.2}% worst {:.1}%",
            errors.len(),
            100.0 * errors.iter().sum::<f64>() / n,
            100.0 * signed.iter().sum::<f64>() / n,
            100.0 * errors[errors.len() / 2],
            100.0 * errors[errors.len() * 9 / 10],
            100.0 * errors[errors.len() - 1]
        );
    }
}
