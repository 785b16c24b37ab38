//! Sampling to a target overhead, with a clock that only the work moves.

use super::*;
use crate::sampling::meter::Clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nanoseconds that the model takes for a row, and everything else for a retirement.
const ROW: u64 = 20;
const RETIREMENT: u64 = 50;

/// The toy model, which takes its time.
struct Slow(Toy, Arc<AtomicU64>);

impl Engine for Slow {
    fn reset(&mut self) {
        self.0.reset();
    }
    fn run(&mut self, rows: &Rows, out: Out) -> Result<()> {
        self.1
            .fetch_add(ROW * (rows.lanes * rows.steps) as u64, Ordering::Relaxed);
        self.0.run(rows, out)
    }
}

struct SlowFactory(Arc<AtomicU64>);

impl EngineFactory for SlowFactory {
    fn engine(&self, lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        let toy = Toy {
            h: vec![0.0; lanes],
        };
        Ok(Box::new(Slow(toy, self.0.clone())))
    }
    fn backend(&self) -> Backend {
        Backend::NativeF32
    }
}

fn slow_model(time: &Arc<AtomicU64>) -> Arc<Model> {
    let info = model(false).info().clone();
    Model::from_parts(info, Box::new(SlowFactory(time.clone())))
}

fn settings(sampling: Sampling) -> SessionConfig {
    SessionConfig {
        threads: 0,
        sampling,
        unit: 16,
        lanes: 4,
        ..config(0)
    }
}

fn retirement(i: u64) -> Retirement {
    Retirement {
        inst: (i % 3) as u32,
        address: if i % 3 == 1 { 0 } else { i * i % 4096 * 8 },
        ..Retirement::default()
    }
}

/// A session to a target of `overhead` after `n` retirements, and the time that the model took.
fn paced(overhead: f64, n: u64) -> (Session, u64) {
    let time = Arc::new(AtomicU64::new(0));
    let hand = time.clone();
    let clock: Clock = Arc::new(move || Duration::from_nanos(hand.load(Ordering::Relaxed)));
    let config = settings(Sampling::TargetOverhead { overhead });
    let model = slow_model(&time);
    let pipeline = Session::pipeline_with(&model, &config, clock).unwrap();
    let mut s = Session::start(model, &config, pipeline).unwrap();
    for inst in program() {
        s.intern(&inst).unwrap();
    }
    for i in 0..n {
        time.fetch_add(RETIREMENT, Ordering::Relaxed);
        s.retire(&retirement(i)).unwrap();
    }
    s.finish().unwrap();
    let model_time = time.load(Ordering::Relaxed) - n * RETIREMENT;
    (s, model_time)
}

#[test]
fn measuring_takes_no_more_than_its_share_and_most_of_it() {
    for overhead in [0.02, 0.1, 0.3] {
        let n = 400_000;
        let (mut s, model_time) = paced(overhead, n);
        let share = model_time as f64 / (n * RETIREMENT) as f64;
        // Units at the start and at the end of a stream are not to be had in halves.
        assert!(
            share <= overhead && share > 0.6 * overhead,
            "{share} of {overhead}"
        );
        let v = s.program_vector().unwrap();
        assert_eq!(v.retired, n);
        assert!(
            v.units > 100 && v.measured < n,
            "{} {}",
            v.units,
            v.measured
        );
    }
}

/// Features that are warmed only near units cost what the units cost. The clock moves whenever it is
/// looked at, which is before and after each run of retirements that is warmed.
#[test]
fn bounded_warming_is_a_part_of_measuring() {
    let units = |warming: u64| {
        let time = Arc::new(AtomicU64::new(0));
        let hand = time.clone();
        let clock: Clock =
            Arc::new(move || Duration::from_nanos(hand.fetch_add(1000, Ordering::Relaxed)));
        let config = SessionConfig {
            warming,
            ..settings(Sampling::TargetOverhead { overhead: 0.1 })
        };
        let model = slow_model(&time);
        let pipeline = Session::pipeline_with(&model, &config, clock).unwrap();
        let mut s = Session::start(model, &config, pipeline).unwrap();
        for inst in program() {
            s.intern(&inst).unwrap();
        }
        for i in 0..400_000 {
            time.fetch_add(RETIREMENT, Ordering::Relaxed);
            s.retire(&retirement(i)).unwrap();
        }
        s.finish().unwrap();
        s.program_vector().unwrap().units
    };
    let (little, much) = (units(16), units(2000));
    assert!(much > 0 && 5 * much < 4 * little, "{much} {little}");
}

#[test]
fn a_plan_gives_the_same_result_to_the_bit() {
    let (mut paced, _) = paced(0.05, 100_000);
    let plan = paced.plan();
    assert!(plan.len() > 5 && plan.iter().any(|p| *p > 1), "{plan:?}");
    for threads in [0, 1, 3] {
        let config = SessionConfig {
            threads,
            ..settings(Sampling::Plan {
                periods: Arc::new(plan.clone()),
            })
        };
        let mut s = Session::new(model(false), &config).unwrap();
        for inst in program() {
            s.intern(&inst).unwrap();
        }
        for i in 0..100_000 {
            s.retire(&retirement(i)).unwrap();
            if i == 30_000 {
                let bytes = s.snapshot().unwrap();
                s = Session::restore(model(false), threads, &bytes).unwrap();
            }
        }
        s.finish().unwrap();
        assert_eq!(s.program_vector().unwrap(), paced.program_vector().unwrap());
        assert_eq!(s.plan(), plan);
    }
}

#[test]
fn overhead_and_plan_have_ranges() {
    let overhead = |overhead| Sampling::TargetOverhead { overhead };
    let plan = |periods| Sampling::Plan {
        periods: Arc::new(periods),
    };
    let bad = [
        (overhead(0.0), "overhead is 0"),
        (overhead(f64::NAN), "overhead is NaN"),
        (plan(vec![3, 0]), "plan is [3, 0]"),
        (plan(vec![1; 2049]), "plan is 2049 epochs long"),
    ];
    for (sampling, text) in bad {
        let config = settings(sampling);
        let e = Session::new(model(false), &config).err().unwrap();
        assert_eq!(e.kind(), ErrorKind::InvalidArgument);
        assert!(e.message().contains(text), "{e}");
    }
}
