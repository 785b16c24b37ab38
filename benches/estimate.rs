//! Time to price one program vector on 1 to 10,000 microarchitectures, D = 160, on one core.
//!
//! `cargo bench --bench estimate`: in full mode (a matrix-vector product) and in sampling mode (a
//! quadratic form for each microarchitecture), beside loops by definition, whose answers are
//! compared first. The best of several turns counts, in the thread's CPU time.

use cpu_time::ThreadTime;
use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector};
use std::hint::black_box;

const CORES: usize = 10_000;
const DIM: usize = 160;
const UNITS: usize = 500;
const TURNS: usize = 7;

fn main() {
    let mut state = 1u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut table = MicroarchTable::new("m", DIM);
    for k in 0..CORES {
        let core = Microarch {
            name: format!("core{k}"),
            vector: (0..DIM).map(|_| random() as f32).collect(),
            ..Microarch::default()
        };
        table.add(core).expect("a valid core");
    }
    let units: Vec<Vec<f64>> = (0..UNITS)
        .map(|_| (0..DIM).map(|_| 1000.0 * random()).collect())
        .collect();
    let mut full = ProgramVector {
        model_id: "m".into(),
        retired: 100 * UNITS as u64 * 1000,
        measured: UNITS as u64 * 1000,
        sum: vec![0.0; DIM],
        ..ProgramVector::default()
    };
    let mut sampled = full.clone();
    sampled.units = UNITS as u64;
    sampled.second_moment = vec![0.0; DIM * (DIM + 1) / 2];
    for u in &units {
        let mut at = 0;
        for i in 0..DIM {
            full.sum[i] += u[i];
            for j in i..DIM {
                sampled.second_moment[at] += u[i] * u[j];
                at += 1;
            }
        }
    }
    sampled.sum.clone_from(&full.sum);

    let cycles = |m: &[f32]| -> f64 {
        let total: f64 = full.sum.iter().zip(m).map(|(p, m)| p * f64::from(*m)).sum();
        total * full.retired as f64 / full.measured as f64
    };
    let squares = |m: &[f32]| -> f64 {
        let (mut total, mut at) = (0.0, 0);
        for i in 0..DIM {
            for j in i..DIM {
                let term = sampled.second_moment[at] * f64::from(m[i]) * f64::from(m[j]);
                total += if i == j { term } else { 2.0 * term };
                at += 1;
            }
        }
        total
    };

    let estimates = table.estimate(&sampled).expect("one model");
    for (core, e) in table.entries().iter().zip(&estimates).step_by(97) {
        let want = cycles(&core.vector);
        assert!(
            (e.cycles - want).abs() <= 1e-12 * want,
            "{} {want}",
            e.cycles
        );
        let y: Vec<f64> = (units.iter())
            .map(|u| {
                u.iter()
                    .zip(&core.vector)
                    .map(|(u, m)| u * f64::from(*m))
                    .sum()
            })
            .collect();
        let (n, total) = (UNITS as f64, y.iter().sum::<f64>());
        let variance = y.iter().map(|y| (y - total / n).powi(2)).sum::<f64>() / (n - 1.0);
        let quantile = 1.959964 * (1.0 + 4.0 / n.sqrt());
        let width = quantile * (n * variance * 0.99).sqrt() / total;
        assert!(
            (e.half_width - width).abs() <= 1e-5 * width,
            "{} {width}",
            e.half_width
        );
    }

    println!("D = {DIM}, milliseconds a call");
    println!(
        "{:<10} {:>17} {:>9} {:>9} {:>6}",
        "mode", "microarchitectures", "naive", "ours", "ratio"
    );
    let mut fewer = MicroarchTable::new("m", DIM);
    for (k, core) in table.entries().iter().enumerate() {
        fewer.add(core.clone()).expect("a valid core");
        if ![1, 10, 100, 1000, CORES].contains(&(k + 1)) {
            continue;
        }
        for (mode, program) in [("full", &full), ("sampling", &sampled)] {
            let naive = best(|| {
                let price = |m: &Microarch| match mode {
                    "full" => cycles(&m.vector),
                    _ => cycles(&m.vector) + squares(&m.vector),
                };
                fewer.entries().iter().map(price).sum()
            });
            let ours = best(|| fewer.estimate(program).map_or(0.0, |e| e[k / 2].cycles));
            println!(
                "{mode:<10} {:>17} {:>9.3} {:>9.3} {:>6.1}",
                k + 1,
                naive * 1e3,
                ours * 1e3,
                naive / ours
            );
        }
    }
}

/// The shortest of some turns, in seconds.
fn best(mut f: impl FnMut() -> f64) -> f64 {
    (0..TURNS)
        .map(|_| {
            let start = ThreadTime::now();
            black_box(f());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}
