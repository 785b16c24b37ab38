//! The native engine against ONNX Runtime on the same files. These tests need the library: set
//! PERFVEC_ORT_LIB and run them with `cargo test --test engine -- --include-ignored`.

use perfvec::model::{Backend, Engine, Model, Out, Rows};
use perfvec::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/engine")
        .join(name)
}

/// Rows in [-8, 8), from a small generator.
fn rows(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 40) as f32 / (1u64 << 20) as f32 - 8.0
    };
    (0..n).map(next).collect()
}

/// One lane in calls of `call` steps.
fn stream(
    engine: &mut dyn Engine,
    x: &[f32],
    features: usize,
    width: usize,
    call: usize,
) -> Vec<f32> {
    let mut out = vec![0.0; x.len() / features * width];
    for (x, out) in x.chunks(call * features).zip(out.chunks_mut(call * width)) {
        let steps = x.len() / features;
        let rows = Rows {
            x,
            features,
            stride: steps,
            lanes: 1,
            steps,
        };
        engine.run(&rows, Out::Rows(out)).unwrap();
    }
    out
}

fn compare(name: &str, steps: usize) -> f32 {
    let path = data(&format!("{name}.onnx"));
    let native = Model::load(&path, Backend::NativeF32).unwrap();
    let runtime = Model::load(&path, Backend::OnnxRuntime).unwrap();
    assert_eq!(runtime.backend(), Backend::OnnxRuntime);
    assert_eq!(native.info(), runtime.info());
    let (f, d) = (native.info().features, native.info().representation);
    let x = rows(steps as u64, steps * f);
    let run = |model: &Model, call| {
        let mut engine = model.engine(1, call).unwrap();
        stream(engine.as_mut(), &x, f, d, call)
    };
    let (a, b) = (run(&native, 777), run(&runtime, 1000));
    let scale = b.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let error = a
        .iter()
        .zip(&b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    error / scale
}

#[test]
#[ignore = "needs ONNX Runtime"]
fn native_agrees_with_onnx_runtime_over_a_long_stream() {
    for name in ["odd", "two-layers", "passthrough", "exporter"] {
        let relative = compare(name, 100_000);
        println!("{name}: {relative:e}");
        assert!(relative < 1e-4, "{name}: {relative}");
    }
}

#[test]
#[ignore = "needs ONNX Runtime"]
fn other_graphs_run_through_onnx_runtime() {
    let path = data("gru.onnx");
    let model = Model::load(&path, Backend::Auto).unwrap();
    assert_eq!(model.backend(), Backend::OnnxRuntime);
    let (f, d) = (model.info().features, model.info().representation);
    let x = rows(5, 100 * f);
    let whole = stream(model.engine(4, 100).unwrap().as_mut(), &x, f, d, 100);
    // The state is carried between calls, and reset forgets it.
    let mut engine = model.engine(4, 100).unwrap();
    for _ in 0..2 {
        let pieces = stream(engine.as_mut(), &x, f, d, 7);
        let error = pieces
            .iter()
            .zip(&whole)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(error < 1e-6, "{error}");
        engine.reset();
    }
    assert!(whole.iter().any(|x| x.abs() > 0.01));
    assert_ne!(whole[..d], whole[50 * d..51 * d]);
}

#[test]
#[ignore = "needs ONNX Runtime"]
fn lanes_do_not_touch_each_other_in_onnx_runtime() {
    let model = Model::load(&data("two-layers.onnx"), Backend::OnnxRuntime).unwrap();
    let (f, d) = (model.info().features, model.info().representation);
    let (lanes, steps) = (5, 30);
    let x = rows(6, lanes * steps * f);
    let mut out = vec![0.0; lanes * steps * d];
    let mut engine = model.engine(8, steps).unwrap();
    let all = Rows {
        x: &x,
        features: f,
        stride: steps,
        lanes,
        steps,
    };
    engine.run(&all, Out::Rows(&mut out)).unwrap();
    for lane in 0..lanes {
        let mut alone = model.engine(8, steps).unwrap();
        let own = stream(
            alone.as_mut(),
            &x[lane * steps * f..][..steps * f],
            f,
            d,
            steps,
        );
        assert_eq!(own, out[lane * steps * d..][..steps * d]);
    }
}

#[test]
fn the_native_engine_names_the_node_that_it_does_not_know() {
    let e = Model::load(&data("gru.onnx"), Backend::NativeF32)
        .err()
        .unwrap();
    assert_eq!(e.kind(), ErrorKind::Model);
    for part in ["gru.onnx", "\"gru0\" (GRU)", "ONNX Runtime can"] {
        assert!(e.message().contains(part), "{e}");
    }
}

/// Runs `test` again in a process of its own, since the variable is read by the whole process.
fn with_library(test: &str, library: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args([&format!("onnxruntime::{test}"), "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("PERFVEC_ORT_LIB", library)
        .output()
        .unwrap()
}

const CHILD: &str = "PERFVEC_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Loading ONNX Runtime fails as a library that is not there, or is another, has to.
fn every_model_that_needs_it_is_refused() {
    for (backend, name) in [
        (Backend::OnnxRuntime, "odd.onnx"),
        (Backend::Auto, "gru.onnx"),
    ] {
        let e = Model::load(&data(name), backend).err().unwrap();
        assert_eq!(e.kind(), ErrorKind::Runtime, "{e}");
        assert!(e.message().contains("PERFVEC_ORT_LIB"), "{e}");
        assert!(e.message().contains(name), "{e}");
    }
}

#[test]
fn a_missing_library_is_an_error() {
    if is_child() {
        return every_model_that_needs_it_is_refused();
    }
    for library in ["/nonexistent/libonnxruntime.so".into(), data("gru.onnx")] {
        let done = with_library("a_missing_library_is_an_error", &library);
        assert!(done.status.success(), "{}: {done:?}", library.display());
    }
}

/// A shared library made of `code`.
fn library(dir: &Path, code: &str) -> PathBuf {
    let (source, made) = (dir.join("made.c"), dir.join("libonnxruntime.so"));
    std::fs::write(&source, format!("#include <stdlib.h>\n{code}\n")).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&made, &source])
        .status();
    assert!(built.unwrap().success());
    made
}

#[test]
fn a_wrong_library_is_an_error() {
    if is_child() {
        return every_model_that_needs_it_is_refused();
    }
    let answering = |version: &str| {
        format!(
            "static const void *api(unsigned v) {{ return NULL; }}
            static const char *version(void) {{ return \"{version}\"; }}
            static const void *const base[] = {{(void *)api, (void *)version}};
            const void *OrtGetApiBase(void) {{ return base; }}"
        )
    };
    for code in [
        "int another;",
        "const void *OrtGetApiBase(void) { return NULL; }",
        &answering("1.2.0"),
        &answering("1.99.0"),
        &answering("none"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let done = with_library("a_wrong_library_is_an_error", &library(dir.path(), code));
        assert!(done.status.success(), "{code}: {done:?}");
    }
}

/// What a library does as the system loads it, this one cannot undo; but only a model that needs
/// it loads it, and the process ends at once.
#[test]
fn a_library_that_crashes_is_loaded_for_no_other_model() {
    const SIGABRT: i32 = 6;
    if is_child() {
        let model = Model::load(&data("odd.onnx"), Backend::Auto).unwrap();
        model.engine(1, 1).unwrap();
        println!("ran without it");
        let never = Model::load(&data("gru.onnx"), Backend::Auto);
        panic!("it was loaded: {:?}", never.err());
    }
    let code = "__attribute__((constructor)) static void crash(void) { abort(); }";
    let dir = tempfile::tempdir().unwrap();
    let test = "a_library_that_crashes_is_loaded_for_no_other_model";
    let done = with_library(test, &library(dir.path(), code));
    assert_eq!(done.status.signal(), Some(SIGABRT), "{done:?}");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.contains("ran without it"), "{text}");
}
