//! Calibration against a dense solve by its definition, and on cores whose vector is known.

use perfvec::microarch::{Calibrator, Microarch, MicroarchTable};
use perfvec::twin::bank;
use perfvec::twin::cores::CoreList;
use perfvec::twin::rules::Rules;
use perfvec::ErrorKind;
use proptest::prelude::*;

/// Gauss-Jordan with pivoting: the inverse of an n x n matrix given by rows.
fn inverse(a: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut m: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            (0..2 * n)
                .map(|j| {
                    if j < n {
                        a[i][j]
                    } else {
                        f64::from(j - n == i)
                    }
                })
                .collect()
        })
        .collect();
    for c in 0..n {
        let p = (c..n)
            .max_by(|&x, &y| m[x][c].abs().total_cmp(&m[y][c].abs()))
            .unwrap();
        m.swap(c, p);
        let pivot = m[c][c];
        m[c].iter_mut().for_each(|x| *x /= pivot);
        let row = m[c].clone();
        for (r, line) in m.iter_mut().enumerate().filter(|(r, _)| *r != c) {
            let f = line[c];
            line.iter_mut().zip(&row).for_each(|(x, y)| *x -= f * y);
            debug_assert!(r != c);
        }
    }
    m.into_iter().map(|r| r[n..].to_vec()).collect()
}

fn table(vectors: &[Vec<f32>]) -> MicroarchTable {
    let mut t = MicroarchTable::new("m", vectors[0].len());
    for (k, v) in vectors.iter().enumerate() {
        let core = Microarch {
            name: format!("core{k}"),
            vector: v.clone(),
            ..Microarch::default()
        };
        t.add(core).unwrap();
    }
    t
}

/// The oracle: every interval kept and divided by its cycles, the posterior mode `(A + s V^-1)^-1 (b + s V^-1 mu)` with
/// the prior's covariance V, all in plain dense algebra.
fn oracle(intervals: &[(Vec<f64>, u64)], known: &[Vec<f32>], s: f64) -> Vec<f64> {
    let n = intervals[0].0.len();
    let k = known.len() as f64;
    let mut mean = vec![0.0; n];
    let mut v = vec![vec![0.0; n]; n];
    if known.len() < 2 {
        (0..n).for_each(|i| v[i][i] = 1.0);
    } else {
        (0..n).for_each(|i| mean[i] = known.iter().map(|x| f64::from(x[i])).sum::<f64>() / k);
        for i in 0..n {
            for j in 0..n {
                let d = |x: &Vec<f32>| (f64::from(x[i]) - mean[i]) * (f64::from(x[j]) - mean[j]);
                v[i][j] = known.iter().map(d).sum::<f64>() / (k - 1.0);
            }
        }
        let level = (0..n).map(|i| v[i][i]).sum::<f64>() / n as f64;
        (0..n).for_each(|i| v[i][i] += 0.1 * (v[i][i] + 1e-6 * level));
    }
    let precision = inverse(&v);
    let mut a = vec![vec![0.0; n]; n];
    let mut b = vec![0.0; n];
    for (x, y) in intervals
        .iter()
        .enumerate()
        .filter(|(i, _)| i % 5 != 4)
        .map(|p| p.1)
    {
        let weight = 1.0 / (*y as f64).max(1.0);
        for i in 0..n {
            b[i] += weight * *y as f64 * x[i];
            (0..n).for_each(|j| a[i][j] += weight * x[i] * x[j]);
        }
    }
    for i in 0..n {
        for j in 0..n {
            a[i][j] += s * precision[i][j];
            b[i] += s * precision[i][j] * mean[j];
        }
    }
    let a = inverse(&a);
    a.iter()
        .map(|row| row.iter().zip(&b).map(|(x, y)| x * y).sum())
        .collect()
}

fn calibrate(
    intervals: &[(Vec<f64>, u64)],
    known: &[Vec<f32>],
) -> (Microarch, perfvec::microarch::Fit) {
    let prior = (!known.is_empty()).then(|| table(known));
    let mut c = Calibrator::new("m", intervals[0].0.len(), prior.as_ref()).unwrap();
    for (x, y) in intervals {
        c.add(x, 1000, *y).unwrap();
    }
    c.solve("new", 1e9).unwrap()
}

fn close(a: &[f32], b: &[f64], tolerance: f64) -> bool {
    let scale = b.iter().fold(1e-6f64, |s, x| s.max(x.abs()));
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(x, y)| (f64::from(*x) - y).abs() <= tolerance * scale)
}

fn case() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<Vec<f64>>, Vec<f64>)> {
    (1usize..7, 0usize..6, 20usize..60).prop_flat_map(|(dim, known, n)| {
        (
            prop::collection::vec(prop::collection::vec(0.0f32..3.0, dim), known),
            prop::collection::vec(prop::collection::vec(10.0f64..1000.0, dim), n),
            prop::collection::vec(0.1f64..3.0, dim),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Without noise but rounding to whole cycles, the vector comes back.
    #[test]
    fn a_known_vector_is_recovered((known, sums, truth) in case()) {
        let dim = truth.len();
        let intervals: Vec<_> = (sums.iter())
            // Scaled so that rounding the cycles is a relative error of about 1e-9.
            .map(|x| x.iter().map(|x| x * 1e6).collect::<Vec<f64>>())
            .map(|x| (x.clone(), (0..dim).map(|i| x[i] * truth[i]).sum::<f64>().round() as u64))
            .collect();
        let (core, fit) = calibrate(&intervals, &known);
        prop_assert!(close(&core.vector, &truth, 1e-3), "{:?} {truth:?} {fit:?}", core.vector);
        prop_assert!(fit.held_out_error < 1e-4 && fit.fit_error < 1e-4, "{fit:?}");
        prop_assert_eq!((fit.intervals, fit.retirements), (sums.len() as u64, sums.len() as u64 * 1000));
    }

    /// For any data the vector is that of the dense solve with the chosen noise scale.
    #[test]
    fn the_vector_equals_the_dense_solve((known, sums, truth) in case(), noise in 0.01f64..0.5) {
        let intervals: Vec<_> = sums.iter().enumerate().map(|(k, x)| {
            let y: f64 = x.iter().zip(&truth).map(|(a, b)| a * b).sum();
            let wobble = 1.0 + noise * (k as f64 * 12.9898).sin();
            (x.clone(), (y * wobble).round() as u64)
        }).collect();
        let (core, fit) = calibrate(&intervals, &known);
        let want = oracle(&intervals, &known, fit.noise);
        prop_assert!(close(&core.vector, &want, 1e-5), "{:?} {want:?} {fit:?}", core.vector);
        let error = |m: &[f64], held: bool| {
            let part: Vec<_> = (intervals.iter().enumerate())
                .filter(|(i, _)| (i % 5 == 4) == held).map(|p| p.1).collect();
            let cycles: f64 = part.iter().map(|p| p.1 as f64).sum();
            let squares = part.iter().map(|(x, y)| {
                let guess = x.iter().zip(m).map(|(a, b)| a * b).sum::<f64>();
                *y as f64 * (guess / *y as f64 - 1.0).powi(2)
            });
            (squares.sum::<f64>() / cycles).sqrt()
        };
        prop_assert!((fit.held_out_error - error(&want, true)).abs() < 1e-5);
        prop_assert!((fit.fit_error - error(&want, false)).abs() < 1e-5);
    }
}

/// Ten noisy intervals cannot determine 24 elements; knowing cores of the same family can.
#[test]
fn a_prior_of_similar_cores_helps_where_data_are_few() {
    let dim = 24;
    let mut state = 7u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    // A family with two degrees of freedom.
    let [base, a, b]: [Vec<f64>; 3] = std::array::from_fn(|_| (0..dim).map(|_| random()).collect());
    let mut core = || {
        let (p, q) = (random(), random());
        (0..dim)
            .map(|i| base[i] + p * a[i] + q * b[i])
            .collect::<Vec<f64>>()
    };
    let known: Vec<Vec<f32>> = (0..30)
        .map(|_| core().iter().map(|x| *x as f32).collect())
        .collect();
    let truth = core();
    let intervals: Vec<(Vec<f64>, u64)> = (0..10)
        .map(|_| {
            let x: Vec<f64> = (0..dim).map(|_| 1000.0 * random()).collect();
            let y: f64 = x.iter().zip(&truth).map(|(a, b)| a * b).sum();
            let noisy = y * (0.98 + 0.04 * random());
            (x, noisy as u64)
        })
        .collect();
    let distance = |core: &Microarch| {
        let d = core
            .vector
            .iter()
            .zip(&truth)
            .map(|(x, t)| (f64::from(*x) - t).powi(2));
        (d.sum::<f64>() / truth.iter().map(|t| t * t).sum::<f64>()).sqrt()
    };
    let with = distance(&calibrate(&intervals, &known).0);
    let without = distance(&calibrate(&intervals, &[]).0);
    assert!(
        with < 0.1 && with < without / 2.0,
        "with {with}, without {without}"
    );
}

/// A core that is priced by its own parameters starts from what these give: what no interval tells
/// of stays as it is, and what they tell of moves as far as they say.
#[test]
fn a_core_of_a_list_moves_from_its_own_parameters_only_where_it_was_seen() {
    let cores = CoreList::open(["cortex-a72-like"], Rules::GEM5).unwrap();
    let table = bank::table(&cores).unwrap();
    let mut calibrator = Calibrator::new(table.model_id(), table.dim(), Some(&table)).unwrap();
    let mut rng = 1u64;
    let mut below = |n: u64| {
        rng = rng
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (rng >> 33) % n
    };
    for _ in 0..200 {
        let mut sum = vec![0.0; table.dim()];
        (0..7).for_each(|part| sum[part] = below(500) as f64);
        let cycles = sum.iter().sum::<f64>() + 0.4 * sum[3];
        calibrator.add(&sum, 1000, cycles.round() as u64).unwrap();
    }
    let (core, fit) = calibrator.solve("mine", 1e9).unwrap();
    assert!(fit.held_out_error < 0.005, "{fit:?}");
    for (part, x) in core.vector.iter().enumerate() {
        let want = if part == 3 { 1.4 } else { 1.0 };
        let room = if part < 7 { 0.01 } else { 0.0 };
        assert!((x - want).abs() <= room, "{part}: {x}");
    }
}

#[test]
fn misuse_is_told() {
    let t = table(&[vec![1.0, 2.0], vec![2.0, 1.0]]);
    let e = Calibrator::new("other", 2, Some(&t)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Mismatch);
    assert_eq!(
        Calibrator::new("m", 3, Some(&t)).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
    assert_eq!(
        Calibrator::new("m", 0, None).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    let mut c = Calibrator::new("m", 2, Some(&t)).unwrap();
    for (sum, n) in [(&[1.0][..], 1), (&[1.0, f64::NAN], 1), (&[1.0, 1.0], 0)] {
        assert_eq!(
            c.add(sum, n, 5).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
    for _ in 0..9 {
        c.add(&[1.0, 1.0], 1000, 0).unwrap();
    }
    assert_eq!(c.solve("x", 1e9).unwrap_err().kind(), ErrorKind::State);
    c.add(&[1.0, 1.0], 1000, 0).unwrap();
    assert_eq!(
        c.solve("x", 1e9).unwrap_err().kind(),
        ErrorKind::State,
        "no cycles at all"
    );
    for _ in 0..10 {
        c.add(&[1.0, 1.0], 1000, 3000).unwrap();
    }
    assert_eq!(
        c.solve("", 1e9).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        c.solve("x", -1.0).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    let (core, _) = c.solve("x", 1e9).unwrap();
    assert!(core.parameters.contains("held_out_error"));

    let mut zeros = Calibrator::new("m", 2, None).unwrap();
    for _ in 0..10 {
        zeros.add(&[0.0, 0.0], 1000, 3000).unwrap();
    }
    assert_eq!(zeros.solve("x", 1e9).unwrap_err().kind(), ErrorKind::State);
}
