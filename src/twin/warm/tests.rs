//! What cores share against each core's own structures, warmed one retirement after the other.

use super::super::hierarchy::Hierarchy;
use super::super::pages::Pages;
use super::super::prepared::Prepared;
use super::super::rules::Rules;
use super::*;
use crate::inst::{InstFlags, OpClass, StaticInst};
use crate::twin::cores::{named, NamedCore};
use proptest::prelude::*;

/// A stream of jumps, branches, loads and stores that wander.
#[derive(Debug)]
struct Program {
    insts: Vec<Prepared>,
    stream: Vec<Resolved>,
}

const DIRECT: InstFlags = InstFlags::DIRECT_CTRL;

/// Instructions and how often each kind of what is drawn goes.
fn program(seed: u64, count: usize, spread: u64) -> Program {
    let mut state = seed | 1;
    let mut draw = move |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % n
    };
    let mut pc = 0x1_0000;
    let insts: Vec<Prepared> = (0..400)
        .map(|_| {
            let size = if draw(2) == 0 { 2 } else { 4 };
            let (op, flags) = match draw(10) {
                0 => (OpClass::IntAlu, InstFlags::COND_CTRL | DIRECT),
                1 => (OpClass::IntAlu, InstFlags::UNCOND_CTRL | DIRECT),
                2 => {
                    let jump = InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL;
                    let kinds = [jump, jump | InstFlags::CALL, jump | InstFlags::RETURN];
                    (OpClass::IntAlu, kinds[draw(3) as usize])
                }
                3..=5 => (OpClass::MemRead, InstFlags::LOAD),
                6 => (OpClass::MemWrite, InstFlags::STORE),
                _ => (OpClass::IntAlu, InstFlags::empty()),
            };
            let mut i = StaticInst::new(pc, op, size);
            i.flags = flags;
            i.access_size = if flags.is_mem() { 8 } else { 0 };
            pc += u64::from(size) + [0, 0, 0, 4096][draw(4) as usize] * draw(2);
            Prepared::new(&i)
        })
        .collect();
    let (mut at, mut walk) = (0, 0x20_0000);
    let stream = (0..count)
        .map(|_| {
            let i = &insts[at];
            let taken = i.transfers && (!i.flags.contains(InstFlags::COND_CTRL) || draw(3) > 0);
            let inst = at as u32;
            at = match taken {
                // Back more often than not: loops. Never to where it would go if not taken.
                true => {
                    (at + insts.len() + [draw(20) as usize, 27][usize::from(draw(4) == 0)] - 20)
                        % insts.len()
                }
                false => (at + 1) % insts.len(),
            };
            walk += [8, 64, 64, 128][draw(4) as usize];
            let near = 0x20_0000 + draw(spread) * 8;
            Resolved {
                inst,
                taken,
                fault: false,
                address: if draw(2) == 0 { near } else { walk },
                target: if taken { insts[at].pc } else { 0 },
            }
        })
        .collect();
    Program { insts, stream }
}

/// A core's own structures.
struct Own {
    hierarchy: Hierarchy,
    branches: BranchUnit,
    block: u64,
}

impl Own {
    fn new(core: &NamedCore, rules: &Rules) -> Self {
        Self {
            hierarchy: Hierarchy::new(&core.parameters, rules),
            branches: BranchUnit::new(&core.parameters.branches(rules)),
            block: u64::MAX,
        }
    }

    fn warm(&mut self, i: &Prepared, r: &Resolved, place: &Place, now: u64, p: &CoreParameters) {
        let mask = !u64::from(p.fetch_bytes - 1);
        for block in [i.pc & mask, (i.pc + u64::from(i.size) - 1) & mask] {
            if block != self.block {
                self.block = block;
                self.hierarchy.warm_fetch(place.code(block), now);
            }
        }
        if i.transfers {
            self.branches.warm(&i.control(r));
            if r.taken {
                self.block = u64::MAX;
            }
        }
        if let Some(behind) = place.behind {
            self.hierarchy.warm_wrong_path(behind, now, p.fetch_bytes);
        }
        if i.load || i.store {
            self.hierarchy.warm_data(place.data, now, i.store, i.pc);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_shared_is_what_each_core_has(
        seed: u64, count in 1usize..12_000, spread in 1u64..40_000,
        cuts in prop::collection::vec(1usize..6000, 1..4), stock: bool,
    ) {
        let rules = if stock { Rules::GEM5_STOCK } else { Rules::GEM5 };
        let program = program(seed, count, spread);
        let parameters = || named().iter().map(|c| &c.parameters);
        let mut warm = Warm::new(parameters(), &rules);
        let mut own: Vec<Own> = named().iter().map(|c| Own::new(c, &rules)).collect();
        let mut taken: Vec<Own> = named().iter().map(|c| Own::new(c, &rules)).collect();
        let mut pages = Pages::new();
        let (mut left, mut now) = (&program.stream[..], 0);
        for cut in cuts.iter().cycle() {
            let (part, rest) = left.split_at(left.len().min(*cut));
            for r in part {
                let i = &program.insts[r.inst as usize];
                let place = pages.place(i, r);
                if warm.push(i, r, &place) {
                    warm.run(2);
                }
                for (own, p) in own.iter_mut().zip(parameters()) {
                    own.warm(i, r, &place, now, p);
                }
                now += 1;
            }
            warm.run(1 + cut % 3);
            for (k, (own, taken)) in own.iter().zip(&mut taken).enumerate() {
                let held = warm.held(k);
                // What a unit leaves behind is forgotten.
                taken.hierarchy.warm_data(*cut as u64 * 4096, now, true, 4);
                taken.hierarchy.take(&held, now);
                held.branches.give(&mut taken.branches);
                let name = &named()[k].name;
                prop_assert!(taken.hierarchy.holds_what(&own.hierarchy), "{name}");
                prop_assert!(taken.branches == own.branches, "{name}");
            }
            warm.taken();
            left = rest;
            if left.is_empty() {
                break;
            }
        }
    }
}

#[test]
fn cores_share_every_structure_exactly_where_their_shapes_are_equal() {
    let all = named();
    let mut equal = 0;
    for rules in [Rules::GEM5, Rules::GEM5_STOCK] {
        for (n, a) in all.iter().enumerate() {
            for b in &all[n..] {
                let pair = [&a.parameters, &b.parameters];
                let warm = Warm::new(pair.into_iter(), &rules);
                let whole = warm.whole.all.len().max(warm.directions.all.len());
                let shared = whole.max(warm.targets.all.len()).max(warm.behind.all.len()) == 1;
                let same = Shape::of(pair[0], &rules) == Shape::of(pair[1], &rules);
                assert_eq!(same, shared, "{} and {}", a.name, b.name);
                equal += usize::from(same);
            }
        }
    }
    // Each with itself; a core's clock, widths and buffers are no part of what is shared.
    assert!(equal >= 2 * all.len());
    let (mut wide, core) = (all[0].parameters.clone(), &all[0].parameters);
    wide.rob += 1;
    assert_eq!(
        Shape::of(&wide, &Rules::GEM5),
        Shape::of(core, &Rules::GEM5)
    );
}
