//! Estimates against their definition: naive sums, and intervals computed from the units.

use perfvec::microarch::{Estimate, Microarch, MicroarchTable, ProgramVector, PARTS};
use perfvec::twin::bank;
use perfvec::twin::cores::{named, CoreList};
use perfvec::twin::rules::Rules;
use perfvec::ErrorKind;
use proptest::prelude::*;

fn table(vectors: &[Vec<f32>], dim: usize) -> MicroarchTable {
    let mut t = MicroarchTable::new("m", dim);
    for (k, v) in vectors.iter().enumerate() {
        t.add(Microarch {
            name: format!("core{k}"),
            clock_hz: 1e9 * (k + 1) as f64,
            vector: v.clone(),
            ..Microarch::default()
        })
        .unwrap();
    }
    t
}

fn program(units: &[Vec<f64>], dim: usize, retired: u64, measured: u64) -> ProgramVector {
    let mut v = ProgramVector {
        model_id: "m".into(),
        retired,
        measured,
        sum: vec![0.0; dim],
        units: units.len() as u64,
        second_moment: vec![0.0; dim * (dim + 1) / 2],
    };
    for u in units {
        let mut at = 0;
        for i in 0..dim {
            v.sum[i] += u[i];
            for j in i..dim {
                v.second_moment[at] += u[i] * u[j];
                at += 1;
            }
        }
    }
    v
}

/// The oracle: keeps the units and follows the formulas word by word.
fn naive(units: &[Vec<f64>], m: &[f32], clock: f64, retired: f64, measured: f64) -> Estimate {
    let y: Vec<f64> = (units.iter())
        .map(|u| u.iter().zip(m).map(|(a, b)| a * f64::from(*b)).sum())
        .collect();
    let (n, total) = (y.len() as f64, y.iter().sum::<f64>());
    let variance = y.iter().map(|y| (y - total / n).powi(2)).sum::<f64>() / (n - 1.0);
    let quantile = 1.959964 * (1.0 + 4.0 / n.sqrt());
    let width = quantile * (n * variance * (1.0 - measured / retired)).sqrt() / total.abs();
    let cycles = total * retired / measured;
    Estimate {
        cycles,
        cpi: cycles / retired,
        seconds: cycles / clock,
        half_width: width,
    }
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1e-3)
}

fn case() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<Vec<f64>>)> {
    (1usize..40, 1usize..6, 2usize..12).prop_flat_map(|(dim, cores, units)| {
        (
            prop::collection::vec(prop::collection::vec(0.1f32..4.0, dim), cores),
            prop::collection::vec(prop::collection::vec(0.0f64..100.0, dim), units),
        )
    })
}

proptest! {
    #[test]
    fn estimates_equal_the_oracle((vectors, units) in case(), skipped in 1u64..50) {
        let dim = vectors[0].len();
        let measured = units.len() as u64 * 10;
        let retired = measured * skipped + 3;
        let p = program(&units, dim, retired, measured);
        let t = table(&vectors, dim);
        let all = t.estimate(&p).unwrap();
        prop_assert_eq!(all.len(), vectors.len());
        for (k, e) in all.iter().enumerate() {
            prop_assert_eq!(*e, t.estimate_one(&p, k).unwrap());
            let clock = 1e9 * (k + 1) as f64;
            let want = naive(&units, &vectors[k], clock, retired as f64, measured as f64);
            prop_assert!(close(e.cycles, want.cycles, 1e-12), "{e:?} {want:?}");
            prop_assert!(close(e.cpi, want.cpi, 1e-12), "{e:?} {want:?}");
            prop_assert!(close(e.seconds * 1e9, want.seconds * 1e9, 1e-12), "{e:?} {want:?}");
            prop_assert!(close(e.half_width, want.half_width, 1e-5), "{e:?} {want:?}");
        }
    }
}

#[test]
fn edges_are_finite_and_as_documented() {
    let t = table(&[vec![1.0, 2.0]], 2);
    let full = ProgramVector {
        model_id: "m".into(),
        retired: 10,
        measured: 10,
        sum: vec![3.0, 4.0],
        ..ProgramVector::default()
    };
    let e = t.estimate_one(&full, 0).unwrap();
    let want = Estimate {
        cycles: 11.0,
        cpi: 1.1,
        seconds: 1.1e-8,
        half_width: 0.0,
    };
    assert_eq!(e, want);
    let nothing = ProgramVector {
        retired: 5,
        measured: 0,
        sum: vec![0.0; 2],
        ..full.clone()
    };
    assert_eq!(t.estimate_one(&nothing, 0).unwrap(), Estimate::default());
    let one = program(&[vec![1.0, 1.0]], 2, 100, 10);
    assert_eq!(t.estimate_one(&one, 0).unwrap().half_width, 1.0);
    let zero = program(&[vec![0.0, 0.0], vec![0.0, 0.0]], 2, 100, 20);
    assert_eq!(t.estimate_one(&zero, 0).unwrap().half_width, 1.0);
    assert_eq!(
        t.estimate_one(&full, 1).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    let foreign = ProgramVector {
        model_id: "n".into(),
        ..full.clone()
    };
    assert_eq!(
        t.estimate(&foreign).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    let short = ProgramVector {
        sum: vec![1.0],
        ..full.clone()
    };
    assert_eq!(t.estimate(&short).unwrap_err().kind(), ErrorKind::Mismatch);
    let nan = ProgramVector {
        sum: vec![f64::NAN, 0.0],
        ..full
    };
    assert_eq!(t.estimate(&nan).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn stacks_are_each_cores_own_parts_and_add_up_to_its_cycles() {
    let cores = CoreList::new(named()[..2].to_vec(), Rules::GEM5).unwrap();
    let t = bank::table(&cores).unwrap();
    assert_eq!(t.schema_hash(), Some(cores.hash()));
    let parts = PARTS.len();
    let program = ProgramVector {
        model_id: cores.id(),
        retired: 300,
        measured: 100,
        sum: (0..2 * parts).map(|e| 10.0 + e as f64).collect(),
        ..ProgramVector::default()
    };
    let stacks = t.stacks(&program).unwrap().unwrap();
    let estimates = t.estimate(&program).unwrap();
    assert_eq!((stacks.len(), estimates.len()), (2, 2));
    for (k, (stack, estimate)) in stacks.iter().zip(estimates).enumerate() {
        for (e, cycles) in stack.iter().enumerate() {
            let own = 3.0 * (10.0 + (k * parts + e) as f64);
            assert!(close(*cycles, own, 1e-12), "{cycles} is not {own}");
        }
        assert_eq!(stack.iter().sum::<f64>(), estimate.cycles);
    }
    assert_eq!(t.errors(&program).unwrap().unwrap().len(), 2);
    // A foundation model's table has none, and another model's vector none of these.
    let other = ProgramVector {
        model_id: "m".into(),
        sum: vec![1.0, 2.0],
        ..program
    };
    let foundation = table(&[vec![1.0, 2.0]], 2);
    assert_eq!(foundation.stacks(&other).unwrap(), None);
    assert_eq!(foundation.errors(&other).unwrap(), None);
    assert_eq!(t.stacks(&other).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn estimates_of_parts_add_up_as_independent_samples() {
    let part = |cycles: f64, half_width| Estimate {
        cycles,
        cpi: f64::NAN,
        seconds: cycles / 1e9,
        half_width,
    };
    // 30 and 40 cycles of error make 50.
    let total = Estimate::total([(part(300.0, 0.1), 100), (part(100.0, 0.4), 400)]);
    assert_eq!((total.cycles, total.cpi), (400.0, 0.8));
    assert!(close(total.seconds, 4e-7, 1e-12));
    assert!(close(total.half_width, 50.0 / 400.0, 1e-12));
    let exact = Estimate::total([(part(300.0, 0.0), 100), (part(100.0, 0.0), 0)]);
    assert_eq!((exact.cpi, exact.half_width), (4.0, 0.0));
    // An error of nothing is the whole.
    let none = Estimate::total([(part(30.0, 0.5), 0), (part(-30.0, 0.5), 0)]);
    assert_eq!((none.cycles, none.cpi, none.half_width), (0.0, 0.0, 1.0));
    assert_eq!(Estimate::total([]), Estimate::default());
}

/// Over many samples of one population, in which as in a program one unit in twenty takes four
/// times as long as the others, the stated 95% interval holds the truth about 95% of the time (a
/// fixed generator; the bounds are 5 standard errors of the count).
#[test]
fn intervals_cover_the_truth() {
    let mut state = 1u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let population: Vec<f64> = (0..4000)
        .map(|k| (50.0 + 100.0 * random()) * if k % 20 == 7 { 4.0 } else { 1.0 })
        .collect();
    let truth: f64 = population.iter().sum();
    let t = table(&[vec![1.0]], 1);
    let mut held = 0;
    for _ in 0..1000 {
        let units: Vec<Vec<f64>> = (0..40)
            .map(|stratum| vec![population[stratum * 100 + (random() * 100.0) as usize]])
            .collect();
        let e = t.estimate_one(&program(&units, 1, 4000, 40), 0).unwrap();
        held += i32::from((e.cycles - truth).abs() <= e.half_width * e.cycles);
    }
    assert!(
        (915..=985).contains(&held),
        "{held} of 1000 intervals hold the truth"
    );
}
