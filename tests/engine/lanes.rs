//! The default model on real programs' streams: lanes against one sequential lane, and the native
//! engine against ONNX Runtime. Model, table and schema are whatever files are the default ones;
//! PERFVEC_TRACES names more streams (separated by colons) for ONNX Runtime. The error of lanes on any
//! stream, by length of the warm-up: `cargo bench --bench lanes`.
//!
//!     PERFVEC_ORT_LIB=/abs/libonnxruntime.so cargo test --release --test engine -- --include-ignored

use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{read_network, Backend, Model, Out, Rows};
use perfvec::session::SessionConfig;
use perfvec_test_support::sequential::{rows, sequential, worst, Stream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path() -> PathBuf {
    root().join("onnx/perfvec-riscv64-1.onnx")
}

fn model(backend: Backend) -> (Arc<Model>, MicroarchTable) {
    let path = path();
    let table = MicroarchTable::load(&path.with_extension("safetensors")).unwrap();
    let model = Model::load(&path, backend).unwrap();
    table.check_model(model.info()).unwrap();
    (model, table)
}

/// The bundled trace, and the ones that are named.
fn traces() -> Vec<PathBuf> {
    let named = std::env::var_os("PERFVEC_TRACES").unwrap_or_default();
    let bundled = root().join("examples/lua.pvt");
    std::iter::once(bundled)
        .chain(std::env::split_paths(&named).filter(|p| !p.as_os_str().is_empty()))
        .collect()
}

/// What a segment from a zero state lacks vanishes as warm-ups get longer: with warm-ups as long
/// as the whole stream before them nothing is left, and on the way there errors shrink.
#[test]
fn lanes_come_to_one_sequential_lane() {
    let (model, table) = model(Backend::NativeF32);
    let stream = Stream::read(&traces()[0], 20_000).unwrap();
    let want = &sequential(&model, std::slice::from_ref(&stream)).unwrap()[0];
    let error = |segment, warmup| {
        let config = SessionConfig {
            threads: 0,
            lanes: 8,
            segment,
            warmup: Some(warmup),
            ..SessionConfig::default()
        };
        let got = stream.session(&model, &config).unwrap();
        assert_eq!((got.measured, got.retired), (want.retired, want.retired));
        worst(&table, &got, want).unwrap().0
    };
    let cold = error(1024, 0);
    assert!(cold > 1e-5, "{cold}: a zero state costs nothing?");
    let long = error(1024, 4096);
    assert!(long < 0.2 * cold && long < 1e-3, "{long} {cold}");
    let recommended = error(1024, model.info().warmup);
    assert!(recommended < 1e-3, "{recommended} {cold}");
    assert!(error(5000, 20_000) < 1e-9);
}

/// The largest difference between two representations, relative to the largest element, of what
/// the network computes (not of the features that it hands through).
fn difference(a: &[f32], b: &[f32], hidden: usize) -> f32 {
    let largest = |m: f32, x: f32| if x.is_nan() { x } else { m.max(x) };
    let pairs = a.iter().zip(b).take(hidden);
    let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, largest);
    let size = b[..hidden].iter().map(|b| b.abs()).fold(0.0, largest);
    apart / size.max(f32::MIN_POSITIVE)
}

/// One lane, its state carried over the whole stream: no representation is off by more than a part
/// in 10 000.
#[test]
#[ignore = "needs ONNX Runtime"]
fn native_agrees_with_onnx_runtime_over_long_streams() {
    const STEPS: usize = 512;
    let (native, table) = model(Backend::NativeF32);
    let (runtime, _) = model(Backend::OnnxRuntime);
    let (f, d) = (native.info().features, native.info().representation);
    let hidden = read_network(&path()).unwrap().hidden();
    for path in traces() {
        let stream = Stream::read(&path, 200_000).unwrap();
        let x = rows(&native, &stream).unwrap();
        let mut engines = [&native, &runtime].map(|m| m.engine(1, STEPS).unwrap());
        let mut outs = [vec![0.0f32; STEPS * d], vec![0.0f32; STEPS * d]];
        let mut sums = [vec![0.0f64; d], vec![0.0f64; d]];
        let (mut relative, mut at, mut step) = (0.0f32, 0, 0);
        for x in x.chunks(STEPS * f) {
            let steps = x.len() / f;
            for ((engine, out), sum) in engines.iter_mut().zip(&mut outs).zip(&mut sums) {
                let rows = Rows {
                    x,
                    features: f,
                    stride: steps,
                    lanes: 1,
                    steps,
                };
                engine.run(&rows, Out::Rows(out)).unwrap();
                for row in out.chunks(d).take(steps) {
                    for (s, r) in sum.iter_mut().zip(row) {
                        *s += f64::from(*r);
                    }
                }
            }
            let [a, b] = &outs;
            for (a, b) in a.chunks(d).zip(b.chunks(d)).take(steps) {
                let error = difference(a, b, hidden);
                if error.is_nan() || error > relative {
                    (relative, at) = (error, step);
                }
                step += 1;
            }
        }
        let n = (x.len() / f) as u64;
        let [a, b] = sums.map(|sum| ProgramVector {
            model_id: native.info().id.clone(),
            retired: n,
            measured: n,
            sum,
            ..ProgramVector::default()
        });
        let (cycles, core) = worst(&table, &a, &b).unwrap();
        println!(
            "{}: {relative:.1e} on representations over {n} steps (at {at}), {cycles:.1e} on cycles ({core})",
            path.display()
        );
        assert!(relative < 1e-4, "{}: {relative} at {at}", path.display());
        assert!(cycles < 1e-4, "{}: {cycles} on {core}", path.display());
    }
}
