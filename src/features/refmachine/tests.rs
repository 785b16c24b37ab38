use super::columns::{COLUMNS, REFERENCE};
use super::lanes::{Lanes, Unit, MACHINES, NO_REG, UNITS};
use super::scale::log2_1p;
use super::set_depth::ABSENT;
use super::*;
use crate::inst::{InstFlags, OpClass, RegClass};
use proptest::prelude::*;

/// A small program: a loop with a load, a multiply, a store, a compare-and-branch and a call.
fn program() -> Vec<StaticInst> {
    let mut v = Vec::new();
    let mut add = |op, flags, src: &[u16], dst: &[u16]| {
        let mut i = StaticInst::new(0x1000 + 4 * v.len() as u64, op, 4);
        i.flags = flags;
        i.access_size = if flags.is_mem() { 8 } else { 0 };
        for s in src {
            i.push_src(RegClass::Int, *s);
        }
        for d in dst {
            i.push_dst(RegClass::Int, *d);
        }
        v.push(i);
    };
    add(OpClass::MemRead, InstFlags::LOAD, &[10], &[11]);
    add(OpClass::IntMult, InstFlags::empty(), &[11, 12], &[12]);
    add(OpClass::IntDiv, InstFlags::empty(), &[12, 11], &[13]);
    add(OpClass::MemWrite, InstFlags::STORE, &[10, 13], &[]);
    add(OpClass::IntAlu, InstFlags::empty(), &[10], &[10]);
    add(
        OpClass::IntAlu,
        InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL | InstFlags::CALL,
        &[5],
        &[1],
    );
    add(
        OpClass::IntAlu,
        InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL | InstFlags::RETURN,
        &[1],
        &[],
    );
    add(OpClass::IprAccess, InstFlags::SERIALIZE_AFTER, &[], &[14]);
    add(
        OpClass::IntAlu,
        InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
        &[10, 14],
        &[],
    );
    v
}

fn extractor() -> RefMachine {
    let mut x = RefMachine::new();
    for (id, i) in program().iter().enumerate() {
        x.intern(id as InstId, i);
    }
    x
}

fn stream() -> impl Strategy<Value = Vec<Resolved>> {
    let one =
        (0u32..9, any::<bool>(), 0u64..1 << 20, 0u64..4).prop_map(|(inst, taken, a, t)| Resolved {
            inst,
            taken: taken && inst == 8 || inst == 5 || inst == 6,
            fault: false,
            address: if inst == 0 || inst == 3 { a * 8 } else { 0 },
            target: 0x1000 + 4 * t,
        });
    prop::collection::vec(one, 1..600)
}

fn rows(x: &mut RefMachine, stream: &[Resolved]) -> Vec<f32> {
    let mut out = Vec::new();
    for r in stream {
        let mut row = [f32::NAN; COLUMNS];
        x.step(r, Some(&mut row));
        out.extend_from_slice(&row);
    }
    out
}

proptest! {
    #[test]
    fn every_value_is_in_the_schemas_range(s in stream()) {
        let all = rows(&mut extractor(), &s);
        for row in all.chunks(COLUMNS) {
            for (v, f) in row.iter().zip(SCHEMA.features) {
                prop_assert!(*v >= f.min && *v <= f.max, "{} = {v}", f.name);
            }
        }
    }

    #[test]
    fn rows_do_not_depend_on_which_were_asked_for(s in stream(), mask in any::<u64>()) {
        let want = rows(&mut extractor(), &s);
        let mut x = extractor();
        for (i, r) in s.iter().enumerate() {
            if mask >> (i % 64) & 1 == 0 {
                x.step(r, None);
            } else {
                let mut row = [0.0; COLUMNS];
                x.step(r, Some(&mut row));
                prop_assert_eq!(&row[..], &want[i * COLUMNS..][..COLUMNS]);
            }
        }
    }

    #[test]
    fn a_restored_extractor_continues_to_the_bit(s in stream(), cut in 0usize..600) {
        let cut = cut.min(s.len());
        let mut a = extractor();
        rows(&mut a, &s[..cut]);
        let mut state = Vec::new();
        a.save(&mut state).unwrap();
        let mut b = extractor();
        let mut rest = &state[..];
        b.restore(&mut rest).unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(rows(&mut a, &s[cut..]), rows(&mut b, &s[cut..]));
        let mut short = &state[..state.len() - 1];
        prop_assert!(extractor().restore(&mut short).is_err());
    }
}

/// Every field that is saved comes back: what a restored extractor saves are the same bytes.
#[test]
fn strides_rows_and_all_else_come_back() {
    let insts: Vec<StaticInst> = [
        (OpClass::MemRead, InstFlags::LOAD),
        (OpClass::MemWrite, InstFlags::STORE),
        (
            OpClass::IntAlu,
            InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
        ),
        (
            OpClass::IntAlu,
            InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL,
        ),
    ]
    .into_iter()
    .zip(0u64..)
    .map(|((op, flags), i)| {
        let mut inst = StaticInst::new(0x2000 + 4 * i, op, 4);
        inst.flags = flags;
        inst.push_src(RegClass::Int, 10 + i as u16);
        inst.push_dst(RegClass::Int, 11 + i as u16);
        inst
    })
    .collect();
    let fresh = || {
        let mut x = RefMachine::new();
        for (id, inst) in (0..).zip(&insts) {
            x.intern(id, inst);
        }
        x
    };
    // Loads and stores with strides of their own, in rows of memory that change.
    let stream: Vec<Resolved> = (0..4000u64)
        .map(|i| Resolved {
            inst: (i % 4) as u32,
            taken: i % 4 == 3 || i % 12 == 2,
            address: if i % 4 < 2 {
                0x10_0000 * (1 + i % 4) + 72 * i
            } else {
                0
            },
            target: if i % 4 == 3 { 0x2000 + 64 * (i % 5) } else { 0 },
            ..Resolved::default()
        })
        .collect();
    let mut x = fresh();
    x.steps(&stream, None);
    let loads: Vec<Stride> = x.insts.iter().take(2).map(|i| i.stride).collect();
    for s in &loads {
        assert!(s.stride == 288 && s.confidence == 3 && s.last > 0);
    }
    assert!(x.memory.last_row != u64::MAX && x.last_far > 0 && x.last_miss > 0);
    let mut saved = Vec::new();
    x.save(&mut saved).unwrap();
    let mut restored = fresh();
    restored.restore(&mut &saved[..]).unwrap();
    let mut again = Vec::new();
    restored.save(&mut again).unwrap();
    assert_eq!(again, saved);
    for (a, b) in restored.insts.iter().zip(&loads) {
        assert_eq!((a.stride.last, a.stride.stride), (b.last, b.stride));
    }
    assert_eq!(restored.memory.last_row, x.memory.last_row);
    // And what follows is the same, the stride's and the row's columns among it.
    let next: Vec<Resolved> = (stream.iter().take(40))
        .map(|r| Resolved {
            address: if r.address > 0 {
                r.address + 72 * 4000
            } else {
                0
            },
            ..*r
        })
        .collect();
    assert_eq!(rows(&mut restored, &next), rows(&mut x, &next));
}

#[test]
fn a_dependent_chain_of_misses_costs_each_machine_its_latency() {
    let mut chase = StaticInst::new(0x2000, OpClass::MemRead, 4);
    chase.flags = InstFlags::LOAD;
    chase.access_size = 8;
    chase.push_src(RegClass::Int, 10);
    chase.push_dst(RegClass::Int, 10);
    let mut x = RefMachine::new();
    x.intern(0, &chase);
    // Every access goes to a page of its own, in an order no prefetcher follows.
    let s: Vec<Resolved> = (0..2000u64)
        .map(|i| Resolved {
            address: (i * i * 7919 % 1_000_003) << 12 | 0x40,
            ..Resolved::default()
        })
        .collect();
    let all = rows(&mut x, &s);
    let mean = |m: usize| {
        all.chunks(COLUMNS)
            .skip(500)
            .map(|r| f64::from(r[REFERENCE + m]))
            .sum::<f64>()
            / 1500.0
    };
    for (m, machine) in space::SPACE.iter().enumerate() {
        let latency = f64::from(machine.memory);
        assert!((mean(m) - latency).abs() < 1.0, "{m}: {}", mean(m));
    }
}

#[test]
fn log2_is_close_and_exact_at_powers_of_two() {
    for i in 0..4000 {
        let x = i as f32 * 0.37;
        assert!((log2_1p(x) - (1.0 + x).log2()).abs() < 2e-3, "{x}");
    }
    assert_eq!(log2_1p(1023.0), 10.0);
}

fn event() -> impl Strategy<Value = Event> {
    let unit = prop::sample::select(vec![
        Unit::Alu,
        Unit::Mul,
        Unit::Div,
        Unit::FpAdd,
        Unit::FpMul,
        Unit::FpDiv,
        Unit::FpSqrt,
        Unit::Load,
        Unit::Store,
    ]);
    let depth = || prop::sample::select(vec![1u8, 1, 1, 2, 5, 9, 16, 17]);
    let registers = (0u8..=NO_REG, 0u8..=NO_REG, 0u8..8, 0u8..8);
    let control = (any::<bool>(), 0u8..16, 0u8..8, depth(), 0u8..30);
    let data = (depth(), depth(), depth(), depth(), any::<bool>(), 0u64..200);
    let blocks = prop::sample::select(vec![0u8, 0, 1, 3, 7, 15]);
    let fetch = (any::<bool>(), depth(), depth(), depth(), blocks, 0u16..24);
    (unit, registers, control, data, fetch).prop_map(|(unit, r, c, d, f)| {
        let mem = matches!(unit, Unit::Load | Unit::Store);
        let branch = unit == Unit::Alu && c.0;
        Event {
            src: [r.0, r.2, r.3],
            dst: if unit == Unit::Store { NO_REG } else { r.1 },
            unit,
            serialize: c.4 == 0,
            taken: branch,
            cond: c.0 && c.2 & 1 == 0,
            direction_miss: if branch { c.1 } else { 0 },
            target_miss: if branch { c.2 } else { 0 },
            btb_depth: if branch { c.3 } else { 0 },
            data: if mem { [d.0, d.1, d.2, d.3] } else { [0; 4] },
            predictable: mem && d.4,
            fetch: if f.0 { [f.1, f.2, f.3] } else { [0; 3] },
            blocks: f.4,
            address: if mem { d.5 * 8 } else { 0 },
            site: f.5,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_machines_side_by_side_are_each_what_it_is_alone(
        events in prop::collection::vec(event(), 1..200), times in 1usize..30,
    ) {
        let events: Vec<Event> = events.iter().copied().cycle().take(events.len() * times).collect();
        let want = oracle::deltas(&events);
        let mut machines = Machines::new();
        for (e, want) in events.iter().zip(&want) {
            let mut delta = Lanes::ZERO;
            machines.step(e, &mut delta);
            prop_assert_eq!(delta.map(i64::from), *want);
        }
    }
}

#[test]
fn time_may_run_past_what_an_i32_holds() {
    let miss = Event {
        src: [1, NO_REG, NO_REG],
        dst: 1,
        unit: Unit::Load,
        serialize: false,
        taken: false,
        direction_miss: 0,
        target_miss: 0,
        cond: false,
        blocks: 0,
        site: 0,
        btb_depth: 0,
        data: [ABSENT; 4],
        predictable: false,
        fetch: [0; 3],
        address: 8,
    };
    let mut machines = Machines::new();
    let mut total = [0i64; MACHINES];
    for _ in 0..1_000_000 {
        let mut delta = Lanes::ZERO;
        machines.step(&miss, &mut delta);
        for (t, d) in total.iter_mut().zip(*delta) {
            assert!(d >= 0);
            *t += i64::from(d);
        }
    }
    // A chain of loads, each from memory: more units than fit in 31 bits.
    for (total, machine) in total.iter().zip(&space::SPACE) {
        assert_eq!(
            total / i64::from(UNITS),
            i64::from(machine.memory) * 1_000_000
        );
    }
}
