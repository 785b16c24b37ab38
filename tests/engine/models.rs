//! Model files: those that load agree with their golden representations, others say why not.
//! The files are made by `tests/data/make_test_models.py`.

use perfvec::model::{Backend, Model, Out, Rows};
use perfvec::ErrorKind;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/engine")
        .join(name)
}

struct Golden {
    steps: usize,
    lanes: usize,
    features: Vec<f32>,
    representation: Vec<f32>,
}

/// The golden file, lanes first.
fn golden(name: &str) -> Golden {
    let bytes = std::fs::read(data(name)).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let get = |name: &str| {
        let t = file.tensor(name).unwrap();
        let [steps, lanes, width] = t.shape() else {
            panic!("{name} is not [T,B,n]")
        };
        let x: Vec<f32> = t
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect();
        let rows = (0..*lanes).flat_map(|b| (0..*steps).map(move |t| t * lanes + b));
        let out = rows
            .flat_map(|r| x[r * width..][..*width].to_vec())
            .collect();
        (*steps, *lanes, out)
    };
    let (steps, lanes, features) = get("features");
    Golden {
        steps,
        lanes,
        features,
        representation: get("representation").2,
    }
}

fn worst(name: &str, backend: Backend) -> f32 {
    let model = Model::load(&data(&format!("{name}.onnx")), backend).unwrap();
    assert_eq!(model.backend(), backend);
    let g = golden(&format!("{name}.safetensors"));
    let mut out = vec![0.0; g.representation.len()];
    let mut engine = model.engine(g.lanes, g.steps).unwrap();
    let rows = Rows {
        x: &g.features,
        features: model.info().features,
        stride: g.steps,
        lanes: g.lanes,
        steps: g.steps,
    };
    engine.run(&rows, Out::Rows(&mut out)).unwrap();
    assert_eq!(out.len(), g.lanes * g.steps * model.info().representation);
    let error = |(a, b): (&f32, &f32)| (a - b).abs() / b.abs().max(1.0);
    out.iter()
        .zip(&g.representation)
        .map(error)
        .fold(0.0, f32::max)
}

#[test]
fn native_f32_agrees_with_golden_files() {
    for name in ["odd", "two-layers", "passthrough", "exporter"] {
        let worst = worst(name, Backend::NativeF32);
        assert!(worst < 1e-5, "{name}: {worst}");
    }
}

#[test]
fn native_int8_is_near_golden_files() {
    // "odd" has neither Clip nor normalisation, and features of up to 37: int8 clips them at 16.
    let models = [
        ("odd", 0.12),
        ("two-layers", 0.06),
        ("passthrough", 0.06),
        ("exporter", 0.06),
    ];
    for (name, bound) in models {
        let worst = worst(name, Backend::NativeInt8);
        assert!(worst < bound, "{name}: {worst}");
    }
}

#[test]
fn auto_takes_int8_where_the_manifest_says_that_it_holds() {
    let backend = |name| Model::load(&data(name), Backend::Auto).unwrap().backend();
    assert_eq!(backend("two-layers.onnx"), Backend::NativeInt8);
    assert_eq!(backend("exporter.onnx"), Backend::NativeF32);
}

#[test]
fn metadata_is_kept() {
    let model = Model::load(&data("passthrough.onnx"), Backend::NativeF32).unwrap();
    let info = model.info();
    assert_eq!(info.id, "test-passthrough");
    assert_eq!(info.schema, "synthetic-12");
    assert_eq!(info.schema_hash, 0x5eed_000c);
    assert_eq!(
        (info.features, info.representation, info.warmup),
        (12, 28, 64)
    );
    let provenance = info
        .metadata
        .iter()
        .find(|(k, _)| k == "provenance")
        .unwrap();
    assert_eq!(provenance.1, "make_test_models.py, seed 3");
}

#[test]
fn a_missing_file_is_an_io_error() {
    let e = Model::load(&data("absent.onnx"), Backend::Auto)
        .err()
        .unwrap();
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.message().contains("absent.onnx"));
}
