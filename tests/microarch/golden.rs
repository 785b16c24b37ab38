//! What the shipped model and the named cores make of the bundled trace: the cycles on each core,
//! and how far the program is from those the model was trained on, as `tests/data/estimates.txt` has
//! them. `support/src/golden.rs` says how to write it anew.

use perfvec::microarch::MicroarchTable;
use perfvec::model::{Backend, Model};
use perfvec::pricing;
use perfvec::session::SessionConfig;
use perfvec::twin::rules::Rules;
use perfvec_test_support::golden::{golden, near};
use perfvec_test_support::root;
use perfvec_test_support::sequential::Stream;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

const RETIREMENTS: usize = 200_000;

fn lines(text: &mut String, by: &str, model: &Arc<Model>, table: &MicroarchTable, stream: &Stream) {
    table.check_model(model.info()).unwrap();
    let program = stream.session(model, &SessionConfig::default()).unwrap();
    if let Some(score) = table.ood_score(&program).unwrap() {
        writeln!(text, "{by} out-of-distribution {score:?}").unwrap();
    }
    let all = table.estimate(&program).unwrap();
    for (core, estimate) in table.entries().iter().zip(&all) {
        writeln!(text, "{by} {} {:?}", core.name, estimate.cycles).unwrap();
    }
}

/// One line for each number: what priced, what of, the number.
fn estimates() -> String {
    let stream = Stream::read(&root("examples/lua.pvt"), RETIREMENTS).unwrap();
    assert_eq!(stream.retirements.len(), RETIREMENTS);
    let path = root("onnx/perfvec-riscv64-1.onnx");
    let table = MicroarchTable::load(&path.with_extension("safetensors")).unwrap();
    let mut text = format!("{}\n", table.model_id());
    for (backend, by) in [(Backend::NativeF32, "f32"), (Backend::NativeInt8, "int8")] {
        let model = Model::load(&path, backend).unwrap();
        lines(&mut text, by, &model, &table, &stream);
    }
    let cores = Path::new(pricing::KNOWN);
    let model = pricing::model(cores, Backend::default(), Rules::GEM5).unwrap();
    let table = pricing::microarchs(cores, Rules::GEM5).unwrap();
    lines(&mut text, "twin", &model, &table, &stream);
    text
}

fn parts(line: &str) -> (&str, f64) {
    let (what, value) = line.rsplit_once(' ').unwrap();
    (what, value.parse().unwrap())
}

#[test]
fn the_shipped_model_and_the_named_cores_estimate_what_they_did() {
    let fresh = estimates();
    let golden = golden("estimates.txt", &fresh);
    assert_eq!(golden.lines().next(), fresh.lines().next(), "another model");
    assert_eq!(golden.lines().count(), fresh.lines().count());
    for (want, got) in golden.lines().zip(fresh.lines()).skip(1) {
        let ((what, want), (same, got)) = (parts(want), parts(got));
        assert_eq!(what, same);
        // Twins are integers. Sums of floating point differ between vector widths in their order,
        // and int8 where a rounding to 8 bits goes the other way for it.
        let apart = match what.split(' ').next() {
            Some("twin") => 1e-12,
            Some("f32") => 1e-4,
            _ => 1e-3,
        };
        assert!(
            near(got, want, apart),
            "{what}: {got}, not {want}; if estimates were meant to change, write the file anew"
        );
    }
    let scores = fresh.lines().filter(|l| l.contains("out-of-distribution"));
    assert_eq!(scores.count(), 2, "one for each precision");
}
