//! Profiles against the definition: each retirement's price, added up at its instruction.

use super::*;
use crate::microarch::Microarch;
use crate::session::profile::{Costs, Profile};

const PERIOD: u64 = 1500;

fn cores() -> [Microarch; 2] {
    let core = |name: &str, vector: [f32; DIM]| Microarch {
        name: name.into(),
        vector: vector.into(),
        ..Microarch::default()
    };
    [core("a", [1.0, 0.25, 0.0]), core("b", [0.0, 0.5, 3.0])]
}

fn stream(len: u64) -> Vec<Retirement> {
    let one = |n: u64| {
        let draw = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let inst = (draw % 5) as u32;
        Retirement {
            inst,
            address: if matches!(inst, 0 | 2) {
                draw * 64 % (1 << 18)
            } else {
                0
            },
            ..Retirement::default()
        }
    };
    (0..len).map(one).collect()
}

fn profile(stream: &[Retirement], period: Option<u64>) -> Costs {
    let cores = cores();
    let refs: Vec<&Microarch> = cores.iter().collect();
    let mut profile = Profile::new(&model(false), &refs, period, 0).unwrap();
    for i in program() {
        profile.intern(&i);
    }
    for part in stream.chunks(997) {
        profile.retire(part).unwrap();
    }
    profile.finish().unwrap().0
}

/// Retirements, then cycles on each core, of every instruction; and how many were measured. Of a
/// segment that begins at each of `starts`, after `warm` rows; all times `scale`.
fn naive(
    stream: &[Retirement],
    starts: impl Iterator<Item = usize>,
    scale: f64,
) -> ([[f64; 3]; 5], u64) {
    let rows = rows(stream, |_| true);
    let mut of = [[0.0; 3]; 5];
    stream.iter().for_each(|r| of[r.inst as usize][0] += 1.0);
    let mut measured = 0;
    for start in starts {
        let mut h = 0.0;
        for row in &rows[start.saturating_sub(5)..start] {
            toy_step(&mut h, row);
        }
        for (row, r) in rows[start..].iter().zip(&stream[start..]).take(1024) {
            let representation = toy_step(&mut h, row);
            for (core, sum) in cores().iter().zip(&mut of[r.inst as usize][1..]) {
                let pairs = core.vector.iter().zip(representation);
                *sum += scale
                    * pairs
                        .map(|(m, r)| f64::from(*m) * f64::from(r))
                        .sum::<f64>();
            }
            measured += 1;
        }
    }
    (of, measured)
}

fn by_instruction(costs: &Costs) -> [[f64; 3]; 5] {
    let mut of = [[0.0; 3]; 5];
    for site in &costs.sites {
        let sums = &mut of[site.inst as usize];
        sums.iter_mut()
            .zip(&site.values)
            .for_each(|(sum, v)| *sum += v);
    }
    of
}

fn agree(costs: &Costs, want: &[[f64; 3]; 5]) {
    for (got, want) in by_instruction(costs).iter().zip(want) {
        assert!(close(got, want), "{got:?} is not {want:?}");
    }
}

#[test]
fn a_profile_is_each_retirements_price_at_its_instruction() {
    // Less than a segment, part of a batch of segments, and more than one.
    for len in [700, 5000, 64 * 1024 + 2500] {
        let stream = stream(len);
        let (want, measured) = naive(&stream, (0..len as usize).step_by(1024), 1.0);
        let costs = profile(&stream, None);
        assert_eq!((costs.retired, costs.measured), (len, measured));
        agree(&costs, &want);
    }
}

#[test]
fn a_sampled_profile_measures_the_end_of_each_period_and_stands_for_all() {
    // Without a period that is whole, within a batch of units, and more than one.
    for len in [1400, 10_000, 66 * PERIOD + 700] {
        let stream = stream(len);
        let units = (len / PERIOD) as usize;
        let starts = (1..=units).map(|n| n * PERIOD as usize - 1024);
        let scale = len as f64 / (units.max(1) * 1024) as f64;
        let (want, measured) = naive(&stream, starts, scale);
        let costs = profile(&stream, Some(PERIOD));
        assert_eq!((costs.retired, costs.measured), (len, measured));
        agree(&costs, &want);
    }
}

#[test]
fn where_units_would_overlap_all_is_measured() {
    let stream = stream(4000);
    let whole = profile(&stream, None);
    assert_eq!(profile(&stream, Some(1024 + 4)), whole);
    assert_ne!(profile(&stream, Some(1024 + 5)).measured, whole.measured);
    let cores = cores();
    let short = Profile::new(&model(false), &[&cores[0]], Some(1023), 0);
    assert_eq!(short.err().unwrap().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_profile_counts_without_cores_and_takes_none_of_another_model() {
    let mut profile = Profile::new(&model(false), &[], None, 0).unwrap();
    program().iter().for_each(|i| profile.intern(i));
    assert_eq!(profile.insts(), program());
    profile.retire(&stream(3000)).unwrap();
    let beyond = Retirement {
        inst: 5,
        ..Retirement::default()
    };
    assert_eq!(
        profile.retire(&[beyond]).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    let (costs, insts) = profile.finish().unwrap();
    assert_eq!(
        (costs.retired, costs.measured, costs.values.len()),
        (3000, 0, 1)
    );
    assert_eq!(insts, program());
    let foreign = Microarch {
        vector: vec![1.0],
        ..Microarch::default()
    };
    let e = Profile::new(&model(false), &[&foreign], None, 0)
        .err()
        .unwrap();
    assert_eq!(e.kind(), ErrorKind::Mismatch);
}
