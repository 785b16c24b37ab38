//! Twins of short streams whose time can be told.

use super::cores::{find, named};
use super::parameters::CoreParameters;
use super::parts::Part;
use super::rules::Rules;
use super::Twin;
use crate::inst::{InstFlags, OpClass, RegClass, Resolved, StaticInst};
use proptest::prelude::*;

/// Instructions one after another from 0x10000 on, over and over.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) insts: Vec<StaticInst>,
    pub(super) stream: Vec<Resolved>,
}

pub(super) fn inst(op: OpClass, dst: Option<u16>, src: &[u16], flags: InstFlags) -> StaticInst {
    let mut i = StaticInst::new(0, op, 4);
    i.flags = flags;
    i.access_size = if flags.is_mem() { 8 } else { 0 };
    dst.iter().for_each(|r| i.push_dst(RegClass::Int, *r));
    src.iter().for_each(|r| i.push_src(RegClass::Int, *r));
    i
}

impl Program {
    /// A loop around `body`, `rounds` times, closed by a jump; accesses go to `address(round, n)`.
    pub(super) fn looped(
        mut body: Vec<StaticInst>,
        rounds: usize,
        address: impl Fn(usize, usize) -> u64,
    ) -> Self {
        let jump = InstFlags::UNCOND_CTRL | InstFlags::DIRECT_CTRL;
        body.push(inst(OpClass::IntAlu, None, &[], jump));
        for (n, i) in body.iter_mut().enumerate() {
            i.pc = 0x10000 + 4 * n as u64;
        }
        let mut stream = Vec::new();
        for round in 0..rounds {
            for (n, i) in body.iter().enumerate() {
                let taken = i.flags.is_ctrl();
                let address = if i.flags.is_mem() {
                    address(round, n)
                } else {
                    0
                };
                let target = if taken { 0x10000 } else { 0 };
                stream.push(Resolved {
                    inst: n as u32,
                    taken,
                    fault: false,
                    address,
                    target,
                });
            }
        }
        Self {
            insts: body,
            stream,
        }
    }

    /// Cycles per round once everything is warm.
    pub(super) fn per_round(&self, p: &CoreParameters) -> f64 {
        let mut twin = Twin::new(p, &Rules::GEM5);
        self.insts.iter().for_each(|i| twin.intern(i));
        let half = self.stream.len() / 2;
        let cycles: u64 = self
            .stream
            .iter()
            .enumerate()
            .map(|(n, r)| (n, twin.step(r).0))
            .filter(|(n, _)| *n >= half)
            .map(|(_, c)| c)
            .sum();
        cycles as f64 / ((self.stream.len() - half) as f64 / self.insts.len() as f64)
    }
}

pub(super) fn wide() -> CoreParameters {
    CoreParameters {
        int_alus: 4,
        issue_width: 8,
        writeback_width: 8,
        fetch_bytes: 64,
        fetch_width: 8,
        ..find("middle-o3").unwrap().parameters.clone()
    }
}

/// An in-order core that issues two instructions a cycle.
fn dual() -> CoreParameters {
    CoreParameters {
        int_alus: 2,
        int_alu_latency: 1,
        fetch_bytes: 64,
        ..find("cortex-a53-like").unwrap().parameters.clone()
    }
}

fn chain(op: OpClass) -> Program {
    let body = (0..12)
        .map(|_| inst(op, Some(5), &[5], InstFlags::empty()))
        .collect();
    Program::looped(body, 400, |_, _| 0)
}

#[test]
fn a_chain_takes_its_latencies() {
    let p = wide();
    for (op, latency) in [
        (OpClass::IntAlu, 1),
        (OpClass::IntMult, p.int_mul_latency),
        (OpClass::IntDiv, p.int_div_latency),
    ] {
        let took = chain(op).per_round(&p);
        assert!(
            (took - 12.0 * f64::from(latency)).abs() < 0.1,
            "{op:?}: {took}"
        );
    }
}

#[test]
fn a_chain_of_loads_takes_the_latency_of_the_cache_and_one() {
    for latency in [1, 2, 4] {
        let p = CoreParameters {
            l1d_latency: latency,
            ..wide()
        };
        let body = (0..12)
            .map(|_| inst(OpClass::MemRead, Some(5), &[5], InstFlags::LOAD))
            .collect();
        let took = Program::looped(body, 400, |_, n| 0x40000 + 8 * n as u64).per_round(&p);
        assert!(
            (took - 12.0 * f64::from(latency + p.issue_to_execute)).abs() < 0.1,
            "{took}"
        );
    }
}

#[test]
fn independent_instructions_take_the_narrowest_width() {
    let body = (0..31)
        .map(|n| inst(OpClass::IntAlu, Some(5 + n % 16), &[], InstFlags::empty()))
        .collect();
    let program = Program::looped(body, 400, |_, _| 0);
    for (alus, commit) in [(1, 4), (2, 4), (4, 2), (4, 1)] {
        let p = CoreParameters {
            int_alus: alus,
            commit_width: commit,
            ..wide()
        };
        let took = program.per_round(&p);
        let least = 32.0 / f64::from(alus.min(commit));
        assert!(
            took >= least && took < 1.15 * least,
            "{alus} {commit}: {took}"
        );
    }
}

#[test]
fn misses_in_parallel_take_as_long_as_there_are_registers_for_them() {
    let body: Vec<_> = (0..8)
        .map(|n| inst(OpClass::MemRead, Some(5 + n), &[], InstFlags::LOAD))
        .collect();
    // A new line each time, of 512 KiB in turn: beyond L1, within L2.
    let program = Program::looped(body, 4000, |round, n| {
        0x100000 + ((8 * round + n) as u64 * 64) % (256 << 10)
    });
    let took = |mshrs| {
        program.per_round(&CoreParameters {
            l1d_mshrs: mshrs,
            ..wide()
        })
    };
    let (one, four) = (took(1), took(4));
    assert!(one > 2.0 * four, "{one} {four}");
}

#[test]
fn a_branch_that_cannot_be_foretold_costs_a_refill() {
    let alu = || inst(OpClass::IntAlu, Some(5), &[], InstFlags::empty());
    let mut body: Vec<_> = (0..7).map(|_| alu()).collect();
    body[3] = inst(
        OpClass::IntAlu,
        None,
        &[5],
        InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
    );
    let p = wide();
    // Taken, it leaves out the instruction behind it.
    let took = |taken: &mut dyn FnMut() -> bool| {
        let mut program = Program::looped(body.clone(), 4000, |_, _| 0);
        let mut skip = false;
        program.stream.retain_mut(|r| {
            if r.inst == 3 {
                (r.taken, r.target) = (taken(), 0x10014);
                skip = r.taken;
            }
            r.inst != 4 || !skip
        });
        program.per_round(&p)
    };
    let mut state = 1u32;
    let random = took(&mut || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 31 == 1
    });
    let steady = took(&mut || false).max(took(&mut || true));
    let refill =
        f64::from(p.fetch_to_decode + p.decode_to_rename + p.rename_to_iew + p.iew_to_commit);
    assert!(random - steady > 0.3 * refill, "{steady} {random}");
}

#[test]
fn what_the_wrong_path_fetched_is_there() {
    // Branches, each taken to the next page and without a known target: fetch goes on behind them,
    // where execution comes later.
    let flags = InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL;
    let took = |p: &CoreParameters, later: u64| {
        let mut twin = Twin::new(p, &Rules::GEM5);
        let mut cycles = 0;
        for n in 0..64u64 {
            let mut branch = inst(OpClass::IntAlu, None, &[], flags);
            branch.pc = 0x10000 + n * 0x1000;
            twin.intern(&branch);
            cycles += twin
                .step(&Resolved {
                    inst: n as u32,
                    taken: true,
                    fault: false,
                    address: 0,
                    target: branch.pc + 0x1000,
                })
                .0;
        }
        let mut second = 0;
        for n in 0..64u64 {
            let mut alu = inst(OpClass::IntAlu, Some(5), &[], InstFlags::empty());
            alu.pc = 0x10000 + n * 0x1000 + later;
            twin.intern(&alu);
            second += twin
                .step(&Resolved {
                    inst: 64 + n as u32,
                    taken: false,
                    fault: false,
                    address: 0,
                    target: 0,
                })
                .0;
        }
        assert!(cycles > 0);
        second
    };
    for p in [wide(), dual()] {
        let (near, far) = (took(&p, 0x40), took(&p, 0x800));
        assert!(2 * near < far, "{}: {near} {far}", p.kind.word());
    }
}

#[test]
fn in_order_a_chain_of_loads_takes_their_issue_and_the_cache() {
    // As gem5's Minor takes it: a load is issued when the one before it has committed, if that is
    // earlier than it was assumed, and sent a cycle later. Nothing moves before a late answer, which
    // is seen a cycle later then.
    for (latency, cycles) in [(1, 2.0), (2, 2.0), (4, 5.0)] {
        let p = CoreParameters {
            l1d_latency: latency,
            ..dual()
        };
        let body = (0..12)
            .map(|_| inst(OpClass::MemRead, Some(5), &[5], InstFlags::LOAD))
            .collect();
        let took = Program::looped(body, 400, |_, n| 0x40000 + 8 * n as u64).per_round(&p);
        assert!((took - 12.0 * cycles).abs() < 2.0, "{latency}: {took}");
    }
}

#[test]
fn in_order_nothing_issues_behind_an_access_where_only_one_may() {
    let body: Vec<_> = (0..30)
        .map(|n| match n % 3 {
            0 => inst(OpClass::MemWrite, None, &[4], InstFlags::STORE),
            _ => inst(OpClass::IntAlu, Some(5 + n), &[], InstFlags::empty()),
        })
        .collect();
    let program = Program::looped(body, 400, |_, n| 0x40000 + 8 * n as u64);
    let took = |units| {
        program.per_round(&CoreParameters {
            mem_units: units,
            lsq_transfers: 4,
            ..dual()
        })
    };
    // An access, and the two others of three together, or two and one of them.
    let (one, two) = (took(1), took(2));
    assert!((19.5..23.0).contains(&one), "{one}");
    assert!((15.0..18.5).contains(&two), "{two}");
}

#[test]
fn in_order_what_is_issued_behind_a_flush_goes_through_its_unit() {
    let flags = InstFlags::SERIALIZE_AFTER | InstFlags::SQUASH_AFTER;
    let took = |op: OpClass| {
        let body = vec![
            inst(OpClass::IntMult, Some(5), &[6], InstFlags::empty()),
            inst(OpClass::No_OpClass, None, &[5], flags),
            inst(op, Some(7), &[], InstFlags::empty()),
        ];
        Program::looped(body, 400, |_, _| 0).per_round(&dual())
    };
    let divide = f64::from(dual().int_div_latency);
    let (alu, div) = (took(OpClass::IntAlu), took(OpClass::IntDiv));
    // It is divided twice.
    assert!(alu < divide && div > 2.0 * divide, "{alu} {div}");
}

#[test]
fn a_load_of_what_was_just_stored_is_forwarded_or_waits() {
    let body = vec![
        inst(OpClass::IntAlu, Some(5), &[6], InstFlags::empty()),
        inst(OpClass::MemWrite, None, &[7, 5], InstFlags::STORE),
        inst(OpClass::MemRead, Some(6), &[7], InstFlags::LOAD),
    ];
    let near = Program::looped(body.clone(), 2000, |_, _| 0x40000).per_round(&wide());
    let far = Program::looped(body, 2000, |_, n| 0x40000 + 64 * n as u64).per_round(&wide());
    assert!(near > far, "{near} {far}");
}

fn any_stream() -> impl Strategy<Value = Program> {
    let one = (0usize..8, 0u16..32, 0u16..32);
    (prop::collection::vec(one, 1..40), 1usize..60, any::<u64>()).prop_map(|(ops, rounds, seed)| {
        let body = ops
            .iter()
            .map(|(kind, dst, src)| {
                let (op, flags) = [
                    (OpClass::IntAlu, InstFlags::empty()),
                    (OpClass::IntMult, InstFlags::empty()),
                    (OpClass::IntDiv, InstFlags::empty()),
                    (OpClass::MemRead, InstFlags::LOAD),
                    (OpClass::MemWrite, InstFlags::STORE),
                    (
                        OpClass::MemRead,
                        InstFlags::LOAD | InstFlags::STORE | InstFlags::ATOMIC,
                    ),
                    (
                        OpClass::No_OpClass,
                        InstFlags::READ_BARRIER | InstFlags::WRITE_BARRIER,
                    ),
                    (OpClass::FloatAdd, InstFlags::empty()),
                ][*kind];
                inst(
                    op,
                    (!flags.contains(InstFlags::STORE)).then_some(*dst),
                    &[*src],
                    flags,
                )
            })
            .collect();
        Program::looped(body, rounds, |round, n| {
            let x = (seed ^ (round * 64 + n) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            0x100000 + (x >> 40) % (1 << 18)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_add_up_and_no_core_is_faster_than_its_width(program in any_stream()) {
        for core in named() {
            let mut twin = Twin::new(&core.parameters, &Rules::GEM5);
            program.insts.iter().for_each(|i| twin.intern(i));
            let mut parts = [0u64; Part::COUNT];
            let mut total = 0;
            for r in &program.stream {
                let (cycles, part) = twin.step(r);
                parts[part as usize] += cycles;
                total += cycles;
            }
            prop_assert_eq!(parts, twin.parts);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            let least = program.stream.len() as f64 * core.parameters.least_cpi();
            prop_assert!(total as f64 >= least.floor(), "{}: {} under {}", core.name, total, least);
        }
    }
}
