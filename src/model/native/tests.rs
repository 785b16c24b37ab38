//! The engine against the oracle, and a lane against itself.

use super::*;
use crate::model::network::{Dense, Lstm, Normalisation, Passthrough};
use crate::model::oracle::Oracle;
use crate::model::{Out, Rows};
use proptest::prelude::*;

/// A small deterministic generator: the networks and rows of the tests.
struct Noise(u64);

impl Noise {
    /// In [-1, 1).
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        ((self.0 >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    }

    fn vec(&mut self, n: usize, bound: f32) -> Vec<f32> {
        (0..n).map(|_| self.next() * bound).collect()
    }
}

fn lstm(n: &mut Noise, inputs: usize, hidden: usize) -> Lstm {
    Lstm {
        inputs,
        hidden,
        wx: n.vec(4 * hidden * inputs, 1.7 / (inputs as f32).sqrt()),
        wh: n.vec(4 * hidden * hidden, 1.7 / (hidden as f32).sqrt()),
        b: n.vec(4 * hidden, 0.7),
    }
}

fn network(seed: u64, features: usize, embedding: usize, hidden: &[usize], relu: bool) -> Network {
    let mut n = Noise(seed);
    let mut width = features;
    let embedding = (embedding > 0).then(|| {
        width = embedding;
        Dense {
            inputs: features,
            outputs: embedding,
            w: n.vec(features * embedding, 1.7 / (features as f32).sqrt()),
            b: n.vec(embedding, 0.2),
        }
    });
    let layers = hidden
        .iter()
        .map(|&h| lstm(&mut n, std::mem::replace(&mut width, h), h))
        .collect();
    Network {
        features,
        norm: Normalisation {
            mean: n.vec(features, 5.0),
            inv_std: n.vec(features, 0.4).iter().map(|x| x + 0.6).collect(),
            clip: (-4.0, 4.0),
            least: (0..features)
                .map(|i| [f32::NEG_INFINITY, -9.0][i % 2])
                .collect(),
        },
        embedding,
        layers,
        relu,
        raw: (0..features % 3)
            .map(|i| Passthrough {
                column: features - 1 - i,
                scale: 0.5 + i as f32,
            })
            .collect(),
    }
}

fn rows(net: &Network, seed: u64, n: usize) -> Vec<f32> {
    Noise(seed ^ 0xabcd).vec(n * net.features, 9.0)
}

/// Representations of `lanes` lanes of `steps` steps in calls of `call` steps.
fn run(engine: &mut dyn Engine, net: &Network, x: &[f32], lanes: usize, call: usize) -> Vec<f32> {
    let steps = x.len() / net.features / lanes;
    let width = net.representation();
    let mut all = vec![0.0; lanes * steps * width];
    let mut at = 0;
    while at < steps {
        let now = call.min(steps - at);
        let mut out = vec![0.0; lanes * now * width];
        let rows = Rows {
            x: &x[at * net.features..],
            features: net.features,
            stride: steps,
            lanes,
            steps: now,
        };
        engine.run(&rows, Out::Rows(&mut out)).unwrap();
        for lane in 0..lanes {
            all[(lane * steps + at) * width..][..now * width]
                .copy_from_slice(&out[lane * now * width..][..now * width]);
        }
        at += now;
    }
    all
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn gates_are_accurate() {
    let (fine, coarse) = (gate_error::<gates::Fine>(), gate_error::<gates::Coarse>());
    assert!(fine < 1e-6, "{fine}");
    assert!(coarse < 2e-4, "{coarse}");
}

/// Largest error of a cell's new states.
fn gate_error<E: gates::Exp2>() -> f64 {
    use super::gates::{cell, GATE_SCALE};
    let s = Portable;
    let mut n = Noise(7);
    let mut worst = 0.0f64;
    for i in 0..200_000 {
        let range = [0.01, 1.0, 8.0, 40.0, 1e4][i % 5];
        let gates: [f32; 4] = std::array::from_fn(|_| n.next() * range);
        let c = n.next() * 3.0;
        let scaled: [_; 4] = std::array::from_fn(|g| s.splat(gates[g] * GATE_SCALE[g]));
        let (new_c, new_h) = cell::<_, E>(s, scaled, s.splat(c));
        let get = |v| f64::from(simd::lanes::<Portable>(&[v])[0]);
        let sigmoid = |x: f32| 1.0 / (1.0 + (-f64::from(x)).exp());
        let want_c =
            sigmoid(gates[2]) * f64::from(c) + sigmoid(gates[0]) * f64::from(gates[3]).tanh();
        let want_h = sigmoid(gates[1]) * want_c.tanh();
        worst = worst.max((get(new_c) - want_c).abs() / want_c.abs().max(1.0));
        worst = worst.max((get(new_h) - want_h).abs());
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn f32_agrees_with_the_oracle(
        seed in any::<u64>(),
        features in 1usize..20,
        embedding in 0usize..18,
        hidden in prop::collection::vec(1usize..22, 1..4),
        relu in any::<bool>(),
        lanes in 1usize..70,
    ) {
        let net = network(seed, features, embedding, &hidden, relu);
        let steps = 12;
        let x = rows(&net, seed, lanes * steps);
        for isa in SimdLevel::available() {
            let factory = factory(net.clone(), false, isa).unwrap();
            let mut engine = factory.engine(lanes, steps).unwrap();
            let got = run(engine.as_mut(), &net, &x, lanes, steps);
            for (lane, got) in got.chunks(steps * net.representation()).enumerate() {
                let mut oracle = Oracle::new(&net);
                for (step, got) in got.chunks(net.representation()).enumerate() {
                    let want = oracle.step(&x[(lane * steps + step) * features..][..features]);
                    for (g, w) in got.iter().zip(want) {
                        prop_assert!((f64::from(*g) - w).abs() < 2e-5, "{isa:?} lane {lane} step {step}: {g} {w}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_lane_depends_on_its_rows_alone(
        seed in any::<u64>(),
        features in 1usize..20,
        embedding in 0usize..18,
        hidden in prop::collection::vec(1usize..22, 1..4),
        int8 in any::<bool>(),
        lanes in 1usize..70,
        capacity in 70usize..140,
        call in 1usize..9,
        pick in any::<prop::sample::Index>(),
    ) {
        let net = network(seed, features, embedding, &hidden, false);
        let steps = 17;
        let lane = pick.index(lanes);
        let x = rows(&net, seed, lanes * steps);
        let own = &x[lane * steps * features..][..steps * features];
        for isa in SimdLevel::available() {
            let factory = factory(net.clone(), int8, isa).unwrap();
            let mut alone = factory.engine(1, steps).unwrap();
            let want = run(alone.as_mut(), &net, own, 1, steps);
            let mut many = factory.engine(capacity, steps).unwrap();
            // Leftovers of an earlier stream must not matter.
            run(many.as_mut(), &net, &rows(&net, seed ^ 1, lanes * 3), lanes, 3);
            many.reset();
            let got = run(many.as_mut(), &net, &x, lanes, call);
            let got = &got[lane * want.len()..][..want.len()];
            prop_assert_eq!(bits(got), bits(&want), "{:?}", isa);
        }
    }

    #[test]
    fn sums_are_those_of_the_representations(
        seed in any::<u64>(),
        features in 1usize..60,
        hidden in 1usize..22,
        relu in any::<bool>(),
        int8 in any::<bool>(),
        lanes in 1usize..70,
        calls in prop::collection::vec(1usize..14, 1..4),
        borders in prop::collection::vec(any::<prop::sample::Index>(), 140),
    ) {
        let mut net = network(seed, features, 0, &[hidden], relu);
        // Side by side, and not.
        net.raw = (0..features)
            .filter(|i| i % 23 != 5)
            .chain([0])
            .map(|column| Passthrough { column, scale: 0.3 + column as f32 })
            .collect();
        let width = net.representation();
        let steps = calls.iter().sum();
        let x = rows(&net, seed, lanes * steps);
        for isa in SimdLevel::available() {
            let factory = factory(net.clone(), int8, isa).unwrap();
            let mut engine = factory.engine(70, steps).unwrap();
            let all = run(engine.as_mut(), &net, &x, lanes, steps);
            engine.reset();
            let mut got = vec![0.25; lanes * width];
            let mut want = got.clone();
            let mut at = 0;
            for &now in &calls {
                let measured: Vec<_> = borders.chunks(2).take(lanes).map(|b| {
                    let (a, b) = (b[0].index(now + 1), b[1].index(now + 1));
                    a.min(b)..b
                }).collect();
                let rows = Rows {
                    x: &x[at * features..],
                    features,
                    stride: steps,
                    lanes,
                    steps: now,
                };
                engine.run(&rows, Out::Sums { measured: &measured, sums: &mut got }).unwrap();
                for (lane, range) in measured.iter().enumerate() {
                    for step in range.clone() {
                        let row = &all[(lane * steps + at + step) * width..][..width];
                        for (sum, r) in want[lane * width..].iter_mut().zip(row) {
                            *sum += f64::from(*r);
                        }
                    }
                }
                at += now;
            }
            let bits = |x: &[f64]| -> Vec<u64> { x.iter().map(|x| x.to_bits()).collect() };
            prop_assert_eq!(bits(&got), bits(&want), "{:?}", isa);
        }
    }

    #[test]
    fn instruction_sets_agree_bit_for_bit(
        seed in any::<u64>(),
        features in 1usize..20,
        embedding in 0usize..18,
        hidden in prop::collection::vec(1usize..22, 1..4),
        int8 in any::<bool>(),
    ) {
        let net = network(seed, features, embedding, &hidden, true);
        let x = rows(&net, seed, 40 * 9);
        // In f32, portable code rounds more often where the target has no FMA.
        let all: Vec<_> = SimdLevel::available()
            .into_iter()
            .filter(|isa| int8 || *isa != SimdLevel::Portable)
            .map(|isa| {
                let mut engine = factory(net.clone(), int8, isa).unwrap().engine(40, 9).unwrap();
                bits(&run(engine.as_mut(), &net, &x, 40, 9))
            })
            .collect();
        prop_assert!(all.windows(2).all(|w| w[0] == w[1]));
    }

    #[test]
    fn int8_is_near_the_oracle(
        seed in any::<u64>(),
        features in 8usize..40,
        embedding in prop::sample::select(vec![0usize, 30]),
        hidden in prop::collection::vec(16usize..40, 1..3),
    ) {
        let net = network(seed, features, embedding, &hidden, false);
        let (lanes, steps) = (33, 40);
        let x = rows(&net, seed, lanes * steps);
        let factory = factory(net.clone(), true, SimdLevel::best()).unwrap();
        let mut engine = factory.engine(lanes, steps).unwrap();
        let got = run(engine.as_mut(), &net, &x, lanes, steps);
        let (mut error, mut size) = (0.0, 0.0);
        for (lane, got) in got.chunks(steps * net.representation()).enumerate() {
            let mut oracle = Oracle::new(&net);
            for (step, got) in got.chunks(net.representation()).enumerate() {
                let row = &x[(lane * steps + step) * features..][..features];
                let want = oracle.step(row);
                let (hidden, raw) = want.split_at(net.hidden());
                for (g, w) in got.iter().zip(hidden) {
                    error += (f64::from(*g) - w).powi(2);
                    size += w.powi(2);
                }
                // Raw columns are never quantised.
                for ((g, w), p) in got[net.hidden()..].iter().zip(raw).zip(&net.raw) {
                    prop_assert_eq!(*g, row[p.column] * p.scale);
                    prop_assert!((f64::from(*g) - w).abs() < 1e-5);
                }
            }
        }
        let relative = (error / size).sqrt();
        prop_assert!(relative < 0.03, "{relative}");
    }
}

#[test]
fn calls_outside_the_contract_are_errors() {
    let net = network(3, 4, 0, &[5], false);
    let factory = factory(net, false, SimdLevel::best()).unwrap();
    for (lanes, steps) in [(0, 1), (1, 0), (usize::MAX, 1), (1, usize::MAX)] {
        let e = factory.engine(lanes, steps).err().unwrap();
        assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    }
    let mut engine = factory.engine(2, 3).unwrap();
    let x = vec![0.0; 2 * 3 * 4];
    let good = Rows {
        x: &x,
        features: 4,
        stride: 3,
        lanes: 2,
        steps: 3,
    };
    let mut out = vec![0.0; 2 * 3 * 6];
    assert!(engine.run(&good, Out::Rows(&mut out)).is_ok());
    let none = Rows {
        lanes: 0,
        steps: 0,
        ..good
    };
    assert!(engine.run(&none, Out::Rows(&mut [])).is_ok());
    for (rows, room) in [
        (Rows { lanes: 3, ..good }, 36),
        (
            Rows {
                stride: 4,
                steps: 4,
                ..good
            },
            36,
        ),
        (
            Rows {
                x: &x[..23],
                ..good
            },
            36,
        ),
        // Lanes that overlap.
        (Rows { stride: 2, ..good }, 36),
        // A stride that overflows.
        (
            Rows {
                stride: usize::MAX,
                ..good
            },
            36,
        ),
        (
            Rows {
                features: 3,
                ..good
            },
            36,
        ),
        (good, 35),
    ] {
        let e = engine.run(&rows, Out::Rows(&mut out[..room])).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidArgument, "{rows:?} {room}");
    }
    let mut sums = [0.0; 2 * 6];
    let one = 0..3;
    let measured: [&[std::ops::Range<usize>]; 4] = [
        &[0..3, 1..1],
        &[0..3, 1..4],
        &[0..3, 1..3],
        std::slice::from_ref(&one),
    ];
    for (measured, room, fits) in [
        (measured[0], 12, true),
        (measured[1], 12, false),
        (measured[2], 11, false),
        (measured[3], 12, false),
    ] {
        let sums = &mut sums[..room];
        let ran = engine.run(&good, Out::Sums { measured, sums });
        assert_eq!(ran.is_ok(), fits, "{measured:?} {room}");
    }
}
