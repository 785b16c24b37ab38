//! Sessions on a toy recurrent model, against the definition computed naively.

use super::*;
use crate::features::{extractor, refmachine};
use crate::inst::{InstFlags, OpClass, RegClass, Resolved};
use crate::model::{Backend, Engine, EngineFactory, ModelInfo, Out, Rows};
use proptest::prelude::*;

mod failures;
mod gates;
mod overhead;
mod profile;
mod regions;
mod sampling;
mod target;
mod warming;

const DIM: usize = 3;

/// h <- h/2 + mean of the row; the representation is (h, h^2, the first reference machine).
struct Toy {
    h: Vec<f32>,
}

fn toy_step(h: &mut f32, row: &[f32]) -> [f32; DIM] {
    *h = *h / 2.0 + row.iter().sum::<f32>() / row.len() as f32;
    [*h, *h * *h, row[refmachine::columns::REFERENCE]]
}

impl Engine for Toy {
    fn reset(&mut self) {
        self.h.fill(0.0);
    }
    fn run(&mut self, rows: &Rows, mut out: Out) -> Result<()> {
        for b in 0..rows.lanes {
            for t in 0..rows.steps {
                let representation = toy_step(&mut self.h[b], rows.row(b, t));
                out.put(rows, b, t, &representation);
            }
        }
        Ok(())
    }
}

struct ToyFactory {
    fail: bool,
}

struct Broken;
impl Engine for Broken {
    fn reset(&mut self) {}
    fn run(&mut self, _: &Rows, _: Out) -> Result<()> {
        panic!("the engine broke")
    }
}

impl EngineFactory for ToyFactory {
    fn engine(&self, lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        if self.fail {
            return Ok(Box::new(Broken));
        }
        Ok(Box::new(Toy {
            h: vec![0.0; lanes],
        }))
    }
    fn backend(&self) -> Backend {
        Backend::NativeF32
    }
}

fn model(fail: bool) -> Arc<Model> {
    let info = ModelInfo {
        id: "toy".into(),
        schema: refmachine::NAME.into(),
        schema_hash: refmachine::SCHEMA.hash(),
        isa: "riscv64".into(),
        features: refmachine::columns::COLUMNS,
        representation: DIM,
        warmup: 5,
        metadata: Vec::new(),
    };
    Model::from_parts(info, Box::new(ToyFactory { fail }))
}

/// load, add, store, conditional branch, indirect call.
fn program() -> Vec<StaticInst> {
    let kinds = [
        (OpClass::MemRead, InstFlags::LOAD),
        (OpClass::IntAlu, InstFlags::empty()),
        (OpClass::MemWrite, InstFlags::STORE),
        (
            OpClass::IntAlu,
            InstFlags::COND_CTRL | InstFlags::DIRECT_CTRL,
        ),
        (
            OpClass::IntAlu,
            InstFlags::UNCOND_CTRL | InstFlags::INDIRECT_CTRL | InstFlags::CALL,
        ),
    ];
    let make = |(i, (op, flags)): (usize, &(OpClass, InstFlags))| {
        let mut inst = StaticInst::new(0x1_0000 + 4 * i as u64, *op, 4);
        inst.flags = *flags;
        inst.push_src(RegClass::Int, 10 + i as u16 % 3);
        inst.push_dst(RegClass::Int, 10 + (i as u16 + 1) % 3);
        inst
    };
    kinds.iter().enumerate().map(make).collect()
}

fn retirements() -> impl Strategy<Value = Vec<Retirement>> {
    let one = (0u32..5, 0u64..4096).prop_map(|(inst, a)| Retirement {
        inst,
        flags: 0,
        address: if inst == 0 || inst == 2 { a * 64 } else { 0 },
        next_pc: 0,
    });
    prop::collection::vec(one, 1..400)
}

fn config(threads: usize) -> SessionConfig {
    SessionConfig {
        threads,
        lanes: 3,
        segment: 16,
        unit: 8,
        interval: 25,
        ..SessionConfig::default()
    }
}

/// Inline configurations of every sampling mode, with all warming and with little; with a target,
/// epochs begin at 32, 64, 128, ...
fn sampled() -> impl Strategy<Value = SessionConfig> {
    let fixed = |period| SessionConfig {
        sampling: Sampling::FixedRate { period },
        ..config(0)
    };
    let target = |half_width| SessionConfig {
        sampling: Sampling::TargetError {
            half_width,
            targets: Arc::new(vec![vec![1.0, 0.5, 0.0], vec![0.0, 0.0, 1.0]]),
        },
        unit: 1,
        ..config(0)
    };
    let sampling = prop_oneof![
        Just(config(0)),
        (8u64..60).prop_map(fixed),
        (8u64..900).prop_map(fixed),
        Just(fixed(1 << 52)),
        prop::sample::select(vec![0.01, 0.1, 0.5]).prop_map(target),
    ];
    let warming = prop_oneof![Just(WARMING_ALL), 0u64..100];
    (sampling, warming).prop_map(|(c, warming)| SessionConfig { warming, ..c })
}

fn session(config: &SessionConfig) -> Session {
    let mut s = Session::new(model(false), config).unwrap();
    for i in program() {
        s.intern(&i).unwrap();
    }
    s
}

fn finish(mut s: Session) -> (ProgramVector, Vec<Interval>) {
    let intervals = s.finish().unwrap();
    (s.program_vector().unwrap(), intervals)
}

/// The rows of one region, by the extractor; without those that `sees` says it does not see.
fn rows(stream: &[Retirement], sees: impl Fn(u64) -> bool) -> Vec<Vec<f32>> {
    let insts = program();
    let mut x = extractor(refmachine::NAME).unwrap();
    for (id, i) in insts.iter().enumerate() {
        x.intern(id as u32, i);
    }
    let mut rows = Vec::new();
    for (i, r) in stream.iter().enumerate() {
        let inst = &insts[r.inst as usize];
        let next = stream.get(i + 1).map_or(0, |n| insts[n.inst as usize].pc);
        let taken = inst.flags.contains(InstFlags::UNCOND_CTRL)
            || inst.flags.contains(InstFlags::COND_CTRL) && next != 0 && next != inst.pc + 4;
        let mut row = vec![0.0; refmachine::columns::COLUMNS];
        let resolved = Resolved {
            inst: r.inst,
            taken,
            fault: false,
            address: r.address,
            target: if taken { next } else { 0 },
        };
        if sees(i as u64) {
            x.step(&resolved, Some(&mut row));
        }
        rows.push(row);
    }
    rows
}

/// The definition for full mode in one region: segments from a zero state after their warm-up, all
/// summed.
fn oracle(stream: &[Retirement], c: &SessionConfig) -> Vec<f64> {
    let rows = rows(stream, |_| true);
    let mut sum = vec![0.0; DIM];
    for start in (0..rows.len()).step_by(c.segment) {
        let mut h = 0.0;
        for row in &rows[start.saturating_sub(5)..start] {
            toy_step(&mut h, row);
        }
        for row in rows[start..].iter().take(c.segment) {
            for (s, r) in sum.iter_mut().zip(toy_step(&mut h, row)) {
                *s += f64::from(r);
            }
        }
    }
    sum
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.iter()
        .zip(b)
        .all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + a.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_vector_is_the_definition(stream in retirements()) {
        let c = config(0);
        let mut s = session(&c);
        s.retire_many(&stream).unwrap();
        let (v, intervals) = finish(s);
        prop_assert!(close(&v.sum, &oracle(&stream, &c)));
        prop_assert_eq!((v.retired, v.measured), (stream.len() as u64, stream.len() as u64));
        // Intervals cover the region without gap or overlap and add up to the whole.
        let mut total = vec![0.0; DIM];
        for (k, i) in intervals.iter().enumerate() {
            prop_assert_eq!((i.index, i.first), (k as u64, 25 * k as u64));
            prop_assert_eq!(i.measured, i.retirements);
            for (t, x) in total.iter_mut().zip(&i.vector) {
                *t += x;
            }
        }
        prop_assert_eq!(intervals.iter().map(|i| i.retirements).sum::<u64>(), v.retired);
        prop_assert!(close(&total, &v.sum));
    }

    #[test]
    fn calls_threads_and_syncs_change_no_bit(
        stream in retirements(),
        repeat in 1usize..4,
        cuts in prop::collection::vec((0usize..1200, any::<bool>()), 0..6),
        threads in 0usize..4,
        lanes in 1usize..6,
        base in sampled(),
    ) {
        let stream = stream.repeat(repeat);
        let mut whole = session(&base);
        whole.retire_many(&stream).unwrap();
        let want = finish(whole);

        let mut s = session(&SessionConfig { threads, lanes, ..base.clone() });
        let mut cuts = cuts;
        cuts.sort_unstable();
        let mut at = 0;
        for (cut, sync) in cuts {
            let cut = cut.clamp(at, stream.len());
            s.retire_many(&stream[at..cut]).unwrap();
            if sync {
                s.sync().unwrap();
            }
            at = cut;
        }
        for r in &stream[at..] {
            s.retire(r).unwrap();
        }
        prop_assert_eq!(finish(s), want);
    }

    #[test]
    fn a_restored_session_continues_to_the_bit(
        stream in retirements(), repeat in 1usize..4, cut in 0usize..1200, threads in 0usize..3, c in sampled(),
    ) {
        let stream = stream.repeat(repeat);
        let cut = cut.min(stream.len());
        let mut whole = session(&c);
        whole.retire_many(&stream).unwrap();
        let want = finish(whole);

        let mut first = session(&c);
        first.retire_many(&stream[..cut]).unwrap();
        let bytes = first.snapshot().unwrap();
        let mut second = Session::restore(model(false), threads, &bytes).unwrap();
        second.retire_many(&stream[cut..]).unwrap();
        prop_assert_eq!(finish(second), want.clone());
        // The one that was saved goes on as if nothing had happened.
        first.retire_many(&stream[cut..]).unwrap();
        prop_assert_eq!(finish(first), want);
    }

    #[test]
    fn a_damaged_snapshot_is_an_error(stream in retirements(), at: prop::sample::Index, bit in 0u8..8) {
        let mut s = session(&config(0));
        s.retire_many(&stream).unwrap();
        let mut bytes = s.snapshot().unwrap();
        let cut = at.index(bytes.len());
        prop_assert!(Session::restore(model(false), 0, &bytes[..cut]).is_err());
        bytes[cut] ^= 1 << bit;
        prop_assert!(Session::restore(model(false), 0, &bytes).is_err());
    }

    #[test]
    fn only_regions_count(a in retirements(), b in retirements(), c in retirements()) {
        let config = SessionConfig { start_outside_region: true, ..config(2) };
        let mut s = session(&config);
        s.retire_many(&a).unwrap();
        prop_assert_eq!(s.counts().retired, 0);
        s.region_begin().unwrap();
        prop_assert_eq!(s.region_begin().unwrap_err().kind(), ErrorKind::State);
        s.retire_many(&b).unwrap();
        s.region_end().unwrap();
        s.retire_many(&c).unwrap();
        s.sync().unwrap();
        let n = b.len() as u64;
        prop_assert_eq!(s.counts(), Counts { retired: n, measured: n, pending: 0, units: 0 });
    }
}

#[test]
fn counts_say_what_was_measured_so_far() {
    let stream = [Retirement {
        inst: 1,
        ..Retirement::default()
    }; 44];
    let mut s = session(&config(0));
    assert_eq!(s.config(), &config(0));
    s.retire_many(&stream).unwrap();
    let counts = s.counts();
    assert_eq!((counts.retired, counts.measured + counts.pending), (44, 44));
    // Two segments of 16, and 12 of the open one.
    s.sync().unwrap();
    let all = |n| Counts {
        retired: n,
        measured: n,
        pending: 0,
        units: 0,
    };
    assert_eq!(s.counts(), all(44));
    s.retire_many(&stream[..1]).unwrap();
    s.finish().unwrap();
    assert_eq!(s.counts(), all(45));
    // What sampling leaves out is not pending.
    let sampling = Sampling::FixedRate { period: 40 };
    let mut s = session(&SessionConfig {
        sampling,
        ..config(0)
    });
    s.retire_many(&stream.repeat(10)).unwrap();
    s.finish().unwrap();
    let counts = s.counts();
    assert_eq!((counts.retired, counts.measured), (440, 88));
    assert_eq!((counts.pending, counts.units), (0, 11));
}

#[test]
fn timed_retirements_arrive_with_their_intervals() {
    let mut s = session(&config(1));
    for i in 0..110u32 {
        let r = Retirement {
            inst: 1,
            ..Retirement::default()
        };
        s.retire_timed(&r, i % 2).unwrap();
    }
    let intervals = s.finish().unwrap();
    let got: Vec<_> = intervals
        .iter()
        .map(|i| (i.retirements, i.timed, i.cycles))
        .collect();
    assert_eq!(
        got,
        [
            (25, 25, 12),
            (25, 25, 13),
            (25, 25, 12),
            (25, 25, 13),
            (10, 10, 5)
        ]
    );
}

/// Else a restored session, which has nothing of these slots, would number others differently.
#[test]
fn unused_register_slots_do_not_tell_instructions_apart() {
    let mut s = session(&config(0));
    let mut same = program()[1];
    same.src[7].index = 9;
    assert_eq!(s.intern(&same).unwrap(), 1);
}
