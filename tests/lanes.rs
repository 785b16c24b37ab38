//! The default model on real programs' streams: lanes against one sequential lane, and the native
//! engine against ONNX Runtime. Model, table and schema are whatever files are the default ones;
//! PERFVEC_TRACES names more streams (separated by colons) for the ignored tests.
//!
//!     PERFVEC_ORT_LIB=/abs/libonnxruntime.so cargo test --release --test lanes -- --include-ignored

mod lanes_support;

use lanes_support::{rows, sequential, worst, Stream};
use perfvec::microarch::MicroarchTable;
use perfvec::model::{Backend, Model};
use perfvec::session::SessionConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn model(backend: Backend) -> (Arc<Model>, MicroarchTable) {
    let path = root().join("onnx/perfvec-riscv64-1.onnx");
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
    let stream = Stream::read(&traces()[0], 40_000).unwrap();
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
    let long = error(1024, 8192);
    assert!(long < 0.2 * cold && long < 1e-3, "{long} {cold}");
    assert!(error(10_000, 40_000) < 1e-9);
}

/// The promise: on cycles, for every core of the table, with the session's own settings.
#[test]
#[ignore = "takes a minute a stream"]
fn lanes_are_one_sequential_lane_within_a_thousandth() {
    let (model, table) = model(Backend::NativeF32);
    let traces = traces();
    let read = |path: &PathBuf| Stream::read(path, 1_000_000).unwrap();
    let streams: Vec<Stream> = traces.iter().map(read).collect();
    let mut far = Vec::new();
    for ((path, stream), want) in traces
        .iter()
        .zip(&streams)
        .zip(sequential(&model, &streams).unwrap())
    {
        let got = stream.session(&model, &SessionConfig::default()).unwrap();
        let (error, core) = worst(&table, &got, &want).unwrap();
        println!("{}: {:.4}% on {core}", path.display(), 100.0 * error);
        if error.is_nan() || error > 1e-3 {
            far.push(path);
        }
    }
    assert!(far.is_empty(), "over 0.1%: {far:?}");
}

/// One lane, its state carried over the whole stream.
#[test]
#[ignore = "needs ONNX Runtime"]
fn native_agrees_with_onnx_runtime_over_long_streams() {
    let (native, _) = model(Backend::NativeF32);
    let (runtime, _) = model(Backend::OnnxRuntime);
    let (f, d) = (native.info().features, native.info().representation);
    const STEPS: usize = 512;
    for path in traces() {
        let stream = Stream::read(&path, 200_000).unwrap();
        let x = rows(&native, &stream).unwrap();
        let mut engines = [&native, &runtime].map(|m| m.engine(1, STEPS).unwrap());
        let mut outs = [vec![0.0f32; STEPS * d], vec![0.0f32; STEPS * d]];
        // Passed-through features are the same by definition, and of any size: what is compared is
        // each element against the largest of its own.
        let (mut error, mut size) = (vec![0.0f32; d], vec![0.0f32; d]);
        for x in x.chunks(STEPS * f) {
            let steps = x.len() / f;
            for (engine, out) in engines.iter_mut().zip(&mut outs) {
                engine.run(x, steps, 1, steps, out).unwrap();
            }
            for t in 0..steps {
                for k in 0..d {
                    let [a, b] = [outs[0][t * d + k], outs[1][t * d + k]];
                    error[k] = error[k].max((a - b).abs());
                    size[k] = size[k].max(b.abs());
                }
            }
        }
        // An element that is hardly ever on is told against the typical one.
        let mut sizes = size.clone();
        sizes.sort_by(f32::total_cmp);
        let floor = sizes[d / 2];
        let relative = |(e, s): (&f32, &f32)| e / s.max(floor);
        let worst = error.iter().zip(&size).map(relative).fold(0.0, f32::max);
        println!(
            "{}: {worst:e} relative over {} steps",
            path.display(),
            x.len() / f
        );
        assert!(worst < 1e-4, "{}: {worst}", path.display());
    }
}
