//! Where cycles go: against a session whose every retirement is an interval, and by function.

use crate::guests::*;
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{Backend, Model};
use perfvec::session::{Cost, Profile, Session, SessionConfig};
use perfvec_test_support::stream::{walk, Stream};
use proptest::prelude::*;

fn profile(stream: &Stream, model: &Model, table: &MicroarchTable, split: usize) -> Vec<Cost> {
    let mut profile = Profile::new(model, &table.entries()[0]).unwrap();
    stream.statics.iter().for_each(|inst| profile.intern(inst));
    let retirements: Vec<_> = stream.retirements.iter().map(|r| r.0).collect();
    for part in retirements.chunks(split) {
        profile.retire(part).unwrap();
    }
    profile.finish().unwrap()
}

/// The same by definition: the price of every retirement's representation.
fn naive(stream: &Stream, model: &std::sync::Arc<Model>, table: &MicroarchTable) -> Vec<Cost> {
    let config = SessionConfig {
        interval: 1,
        threads: 0,
        ..SessionConfig::default()
    };
    let mut session = Session::new(model.clone(), &config).unwrap();
    for inst in &stream.statics {
        session.intern(inst).unwrap();
    }
    for (r, _) in &stream.retirements {
        session.retire(r).unwrap();
    }
    let intervals = session.finish().unwrap();
    assert_eq!(intervals.len(), stream.retirements.len());
    let mut costs = vec![Cost::default(); stream.statics.len()];
    for (interval, (r, _)) in intervals.into_iter().zip(&stream.retirements) {
        let vector = ProgramVector {
            model_id: model.info().id.clone(),
            retired: 1,
            measured: 1,
            sum: interval.vector,
            ..ProgramVector::default()
        };
        let cost = &mut costs[r.inst as usize];
        cost.retirements += 1;
        cost.cycles += table.estimate(&vector).unwrap()[0].cycles;
    }
    costs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn costs_are_those_of_the_retirements(
        seed in 1u64..1000,
        // Some beyond one batch of 64 lanes of 1024.
        n in prop_oneof![1usize..3000, 64_000usize..70_000],
        split in 1usize..5000,
    ) {
        let model = Model::load(&model(), Backend::NativeF32).unwrap();
        let table = MicroarchTable::load(&crate::guests::model().with_extension("safetensors")).unwrap();
        let stream = walk(seed, 5, n);
        let fast = profile(&stream, &model, &table, split);
        let slow = naive(&stream, &model, &table);
        prop_assert_eq!(fast.len(), slow.len());
        for (a, b) in fast.iter().zip(&slow) {
            prop_assert_eq!(a.retirements, b.retirements);
            prop_assert!((a.cycles - b.cycles).abs() <= 1e-9 * (b.retirements as f64 + b.cycles.abs()), "{:?} {:?}", a, b);
        }
    }
}

#[test]
fn functions_have_their_share_of_what_replay_estimates() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("t.pvt").display().to_string();
    let out = perfvec(&["record", "-o", &trace, "--", guest(), "compute"]);
    assert_eq!(out.code, 0, "{out:?}");
    let json = |args: &[&str]| -> serde_json::Value {
        let out = priced(args);
        assert_eq!(out.code, 0, "{out:?}");
        serde_json::from_str(&out.stdout).unwrap()
    };
    let whole = json(&["replay", "--json", "-", &trace]);
    let args = ["profile", "--on", "three", &trace, guest()];
    let parts = json(&[&args[..], &["--json", "-"]].concat());
    let functions = parts["functions"].as_array().unwrap();
    let sum = |key: &str| -> f64 { functions.iter().map(|f| f[key].as_f64().unwrap()).sum() };
    let cores = whole["microarchs"].as_array().unwrap();
    let core = cores.iter().find(|m| m["name"] == "three").unwrap();
    let cycles = core["cycles"].as_f64().unwrap();
    assert!((sum("cycles") / cycles - 1.0).abs() < 1e-9, "{parts}");
    assert_eq!(sum("retired"), whole["retired"].as_f64().unwrap());
    // Both are there, whether or not the compiler put one into the other.
    let first = functions[0]["name"].as_str().unwrap();
    assert!(["main", "compute"].contains(&first), "{first}");

    let out = priced(&[&args[..], &["--top", "3"]].concat());
    assert_eq!(out.stdout.lines().count(), 1 + 3 + 1 + 1, "{}", out.stdout);
    let others = format!("({} others)", functions.len() - 3);
    assert!(out.stdout.contains(&others), "{}", out.stdout);

    let fails = |args: &[&str], text: &str| {
        let out = priced(args);
        assert!(out.code == 2 && out.stderr.contains(text), "{out:?}");
    };
    fails(
        &["profile", "--on", "four", &trace, guest()],
        "--on four: not in",
    );
    fails(
        &["profile", "--on", "one", &trace, guest_dynamic()],
        "linked with -static",
    );
    fails(&["profile", "--on", "one", &trace, &trace], "not a 64-bit");
    // Its section headers end behind the file's end.
    let cut = dir.path().join("cut").display().to_string();
    let bytes = std::fs::read(guest()).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 100]).unwrap();
    fails(
        &["profile", "--on", "one", &trace, &cut],
        "no functions in its symbol table",
    );
}
