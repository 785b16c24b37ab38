//! Instructions per second of the engines, and how near they come to the CPU's matrix product.
//!
//!     python tests/data/make_test_models.py --bench target/bench-models
//!     PERFVEC_ORT_LIB=/abs/libonnxruntime.so cargo bench --features oracles --bench engine [-- MODEL.onnx ...]
//!
//! One thread. Answers are checked before anything is timed. All that is compared runs in turns,
//! and the best of the turns counts; time is the process's CPU time where the system tells it.
//!
//! The native engines in many lanes do what a session asks of them: rows in, sums of
//! representations out, in calls of 32 steps. ONNX Runtime makes the representations, which nobody
//! adds up, in calls of 64. Shares are of two products in the same number format, in the same run:
//! rten-gemm's with packed weights ("of GEMM"), and in int8 of the engine's own kernel without the
//! rest of the engine ("of own"), which also takes its activations packed.

use perfvec::model::network::Network;
use perfvec::model::oracle::Oracle;
use perfvec::model::{native, read_network, Backend, Engine, Model, Out, Rows};
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::{AsView, NdTensor};
use std::path::{Path, PathBuf};
use std::time::Instant;

const LANES: usize = 64;
const STEPS: usize = 64;
/// Steps of a session's calls.
const CALL: usize = 32;
const TURNS: usize = 4;
/// Seconds of one turn.
const TURN: f64 = 0.25;

fn main() {
    // Before the first product: rten-gemm would use every core.
    std::env::set_var("RAYON_NUM_THREADS", "1");
    let mut files: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|a| a.ends_with(".onnx"))
        .map(PathBuf::from)
        .collect();
    if files.is_empty() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-models");
        files = ["2x256", "2x128", "1x128e128"]
            .map(|n| dir.join(format!("{n}.onnx")))
            .into();
    }
    println!(
        "{:<12} {:<34} {:>11} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "model", "what", "inst/s", "GOP/s", "of GEMM", "of own", "x ORT", "error"
    );
    for file in files {
        if !file.is_file() {
            eprintln!(
                "{} is missing; make it with: python tests/data/make_test_models.py --bench target/bench-models",
                file.display()
            );
            std::process::exit(1);
        }
        bench(&file);
    }
}

/// Something that is timed.
struct Contender<'a> {
    what: String,
    /// Does the work of one repetition.
    work: Box<dyn FnMut() + 'a>,
    /// Instructions (0 for a product) and operations of one repetition.
    instructions: usize,
    ops: f64,
    int8: bool,
    /// Whether it is the product of the engine's own kernel.
    own: bool,
    error: Option<f64>,
    /// Best seconds per repetition.
    best: f64,
}

fn bench(file: &Path) {
    let name = file
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let net = read_network(file).unwrap();
    let x = rows(&net);
    let mut all: Vec<Contender> = Vec::new();
    let engines = [
        ("native f32", Backend::NativeF32, LANES, STEPS),
        ("native int8", Backend::NativeInt8, LANES, STEPS),
        ("native f32, one at a time", Backend::NativeF32, 1, 1),
        ("ONNX Runtime f32", Backend::OnnxRuntime, LANES, STEPS),
        (
            "ONNX Runtime f32, one at a time",
            Backend::OnnxRuntime,
            1,
            1,
        ),
    ];
    for (what, backend, lanes, steps) in engines {
        let engine = Model::load(file, backend).and_then(|m| m.engine(lanes, steps));
        match engine {
            Ok(engine) => all.push(contender(what, &net, engine, &x, lanes, steps, backend)),
            Err(e) => eprintln!("{what} is left out: {e}"),
        }
    }
    // The product of the widest layer, for a step of all lanes.
    let layer = net
        .layers
        .iter()
        .max_by_key(|l| l.wx.len() + l.wh.len())
        .unwrap();
    let (k, n) = (layer.inputs + layer.hidden, 4 * layer.hidden);
    all.push(product_f32(k, n));
    all.push(product_int8(k, n));
    all.push(product_own(k, n));
    for _ in 0..TURNS {
        for c in &mut all {
            c.best = c.best.min(time(&mut c.work));
        }
    }
    let speed = |c: &Contender| c.ops / c.best / 1e9;
    let ceiling = |int8, own| {
        let product = |c: &&Contender| c.instructions == 0 && c.int8 == int8 && c.own == own;
        all.iter().find(product).map(speed)
    };
    let runtime = all
        .iter()
        .find(|c| c.what == "ONNX Runtime f32")
        .map(|c| c.instructions as f64 / c.best);
    for c in &all {
        let rate = c.instructions as f64 / c.best;
        let engine = c.instructions > 0;
        let share = |top| 100.0 * speed(c) / top;
        let show = |x: Option<f64>, digits: usize, unit: &str| match x {
            Some(x) if engine => format!("{x:.digits$}{unit}"),
            _ => "-".into(),
        };
        println!(
            "{name:<12} {:<34} {:>11} {:>8.1} {:>9} {:>9} {:>9} {:>9}",
            c.what,
            show(Some(rate), 0, ""),
            speed(c),
            show(ceiling(c.int8, false).map(share), 0, "%"),
            show(ceiling(c.int8, true).map(share), 0, "%"),
            show(runtime.map(|r| rate / r), 2, ""),
            show(c.error.map(|e| 100.0 * e), 4, "%"),
        );
    }
}

/// Feature rows of LANES lanes, spread as the normalisation expects.
fn rows(net: &Network) -> Vec<f32> {
    let mut state = 1u64;
    let mut noise = || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let n = &net.norm;
    (0..LANES * STEPS * net.features)
        .map(|i| i % net.features)
        .map(|c| (n.mean[c] + 1.7 * noise() / n.inv_std[c]).max(n.least[c]))
        .collect()
}

fn contender<'a>(
    what: &str,
    net: &'a Network,
    mut engine: Box<dyn Engine>,
    x: &'a [f32],
    lanes: usize,
    steps: usize,
    backend: Backend,
) -> Contender<'a> {
    let mut out = vec![0.0; lanes * steps * net.representation()];
    let error = check(net, engine.as_mut(), x, (lanes, steps), &mut out);
    let limit = if backend == Backend::NativeInt8 {
        0.05
    } else {
        1e-4
    };
    assert!(
        error < limit,
        "{what}: relative error {error} against the oracle"
    );
    Contender {
        what: what.into(),
        instructions: lanes * steps,
        ops: (lanes * steps * net.ops()) as f64,
        int8: backend == Backend::NativeInt8,
        own: false,
        error: Some(error),
        best: f64::INFINITY,
        work: if backend == Backend::OnnxRuntime || lanes == 1 {
            Box::new(move || {
                let rows = Rows {
                    x,
                    features: net.features,
                    stride: STEPS,
                    lanes,
                    steps,
                };
                engine.run(&rows, Out::Rows(&mut out)).unwrap()
            })
        } else {
            let f = net.features;
            let mut sums = vec![0.0; lanes * net.representation()];
            let measured = vec![0..CALL; lanes];
            Box::new(move || {
                for at in (0..steps).step_by(CALL) {
                    let rows = Rows {
                        x: &x[at * f..],
                        features: f,
                        stride: STEPS,
                        lanes,
                        steps: CALL,
                    };
                    let (measured, sums) = (&measured, &mut sums);
                    engine.run(&rows, Out::Sums { measured, sums }).unwrap();
                }
            })
        },
    }
}

/// RMS error of the hidden part over RMS size, of the first and last lane over STEPS steps.
fn check(
    net: &Network,
    engine: &mut dyn Engine,
    x: &[f32],
    (lanes, steps): (usize, usize),
    out: &mut [f32],
) -> f64 {
    let (f, d) = (net.features, net.representation());
    let (mut error, mut size) = (0.0, 0.0);
    let mut oracles = [(); 2].map(|()| Oracle::new(net));
    for at in (0..STEPS).step_by(steps) {
        let rows = Rows {
            x: &x[at * f..],
            features: f,
            stride: STEPS,
            lanes,
            steps,
        };
        engine.run(&rows, Out::Rows(out)).unwrap();
        for (oracle, lane) in oracles.iter_mut().zip([0, lanes - 1]) {
            for step in 0..steps {
                let want = oracle.step(&x[(lane * STEPS + at + step) * f..][..f]);
                let got = &out[(lane * steps + step) * d..][..net.hidden()];
                for (g, w) in got.iter().zip(want) {
                    error += (f64::from(*g) - w).powi(2);
                    size += w * w;
                }
            }
        }
    }
    engine.reset();
    (error / size).sqrt()
}

fn product<'a>(
    what: &str,
    k: usize,
    n: usize,
    int8: bool,
    work: Box<dyn FnMut() + 'a>,
) -> Contender<'a> {
    Contender {
        what: format!("{what} {LANES}x{k}x{n}"),
        work,
        instructions: 0,
        ops: (2 * LANES * k * n) as f64,
        int8,
        own: false,
        error: None,
        best: f64::INFINITY,
    }
}

fn product_f32<'a>(k: usize, n: usize) -> Contender<'a> {
    let gemm = GemmExecutor::<f32>::new();
    let a = NdTensor::<f32, 2>::full([LANES, k], 0.5);
    let b = NdTensor::<f32, 2>::full([k, n], 0.25);
    let b = gemm.prepack_b(b.view());
    let mut out = vec![0.0f32; LANES * n];
    let mut work = move || {
        let (a, b) = (GemmInputA::Unpacked(a.view()), GemmInputB::Packed(&b));
        gemm.gemm(&mut out, a, b, GemmOptions::default()).unwrap();
        assert_eq!(out[LANES * n - 1], 0.125 * k as f32);
    };
    work();
    product("product, f32 (rten-gemm)", k, n, false, Box::new(work))
}

fn product_int8<'a>(k: usize, n: usize) -> Contender<'a> {
    let gemm = GemmExecutor::<u8, i8, i32>::new();
    let a = NdTensor::<u8, 2>::full([LANES, k], 3);
    let b = NdTensor::<i8, 2>::full([k, n], -5);
    let b = gemm.prepack_b(b.view());
    let mut out = vec![0i32; LANES * n];
    let mut work = move || {
        let (a, b) = (GemmInputA::Unpacked(a.view()), GemmInputB::Packed(&b));
        gemm.gemm(&mut out, a, b, GemmOptions::default()).unwrap();
        assert_eq!(out[LANES * n - 1], -15 * k as i32);
    };
    work();
    product("product, int8 (rten-gemm)", k, n, true, Box::new(work))
}

/// The engine's own kernel, and nothing else of the engine.
fn product_own<'a>(k: usize, n: usize) -> Contender<'a> {
    let mut kernel = native::product(LANES, k, n, 3, -5);
    let mut work = move || assert_eq!(kernel(), -15 * k as i32);
    work();
    Contender {
        own: true,
        ..product("product, int8 (own kernel)", k, n, true, Box::new(work))
    }
}

/// Seconds per repetition over a turn.
fn time(work: &mut dyn FnMut()) -> f64 {
    let wall = Instant::now();
    let start = cpu_seconds();
    let mut repetitions = 0;
    loop {
        work();
        repetitions += 1;
        let elapsed = wall.elapsed().as_secs_f64();
        if elapsed > TURN {
            let spent = match (start, cpu_seconds()) {
                (Some(a), Some(b)) => b - a,
                _ => elapsed,
            };
            if spent > 0.3 * TURN {
                return spent / f64::from(repetitions);
            }
        }
    }
}

/// CPU time of all threads so far, which other processes on the machine do not add to.
fn cpu_seconds() -> Option<f64> {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split(' ').next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds / 1e9)
}
