//! The commands that need no QEMU: info, calibrate, replay of the bundled trace, manual.

use crate::ran;
use perfvec::inst::{OpClass, Retirement, StaticInst};
use perfvec::microarch::{Microarch, MicroarchTable, ProgramVector};
use perfvec::trace::{Header, Writer};
use std::path::Path;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/capi/tiny.onnx");
const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/capi/tiny.safetensors"
);

fn json(args: &[&str]) -> serde_json::Value {
    let (code, out, err) = ran(args);
    assert_eq!(code, 0, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn info_tells_models_tables_and_vectors_apart() {
    let model = json(&["info", "--json", MODEL]);
    assert_eq!(model["format"], "model");
    let table = json(&["info", "--json", TABLE]);
    assert_eq!(table["format"], "microarch-table");
    assert_eq!(table["model"], model["id"]);
    assert!(table["microarchs"][0]["parameters"].is_object(), "{table}");
    assert_eq!(table["representation"], model["representation"]);

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.vec");
    let vector = ProgramVector {
        model_id: "some model".into(),
        retired: 1000,
        measured: 1000,
        sum: vec![1.0; 4],
        ..ProgramVector::default()
    };
    vector.save(&path).unwrap();
    let path = path.to_str().unwrap();
    let found = json(&["info", "--json", path]);
    assert_eq!(
        (&found["format"], &found["retired"]),
        (&"program-vector".into(), &1000.into())
    );
    let (code, text, _) = ran(&["info", path]);
    assert!(code == 0 && text.contains("some model"), "{text}");

    for (name, bytes) in [("x.safetensors", "junk"), ("x.onnx", ""), ("x.pvt", "junk")] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let (code, out, err) = ran(&["info", path.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(name), "{err}");
    }
    let (code, _, err) = ran(&["info"]);
    assert!(code == 2 && err.contains("FILE"), "{err}");
}

/// A loop whose every retirement took two cycles, timed in windows.
fn timed_trace(path: &Path, clock_period_ps: Option<u64>) {
    let header = Header {
        isa: "riscv64".into(),
        clock_period_ps,
        ..Header::default()
    };
    let mut writer = Writer::create(path, header).unwrap();
    let ids: Vec<u32> = (0..10)
        .map(|i| {
            let inst = StaticInst::new(0x10000 + 4 * i, OpClass::IntAlu, 4);
            writer.intern(&inst).unwrap()
        })
        .collect();
    for n in 0..200_000u64 {
        let r = Retirement {
            inst: ids[n as usize % ids.len()],
            ..Retirement::default()
        };
        if n % 50_000 < 30_000 {
            writer.retire_timed(&r, 2).unwrap();
        } else {
            writer.retire(&r).unwrap();
        }
    }
    writer.finish().unwrap();
}

#[test]
fn a_core_calibrated_on_a_trace_prices_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let (trace, table, out) = (file("t.pvt"), file("mine.safetensors"), file("j"));
    timed_trace(Path::new(&trace), Some(500));
    let calibrate = |more: &[&str]| {
        let args = [
            "calibrate",
            "--model",
            MODEL,
            "--name",
            "mine",
            "-o",
            &table,
        ];
        ran(&[&args[..], more].concat())
    };
    let (code, text, err) = calibrate(&[&trace]);
    assert!(code == 0 && text.contains("mine: 2.00 GHz"), "{text}{err}");
    let (_, text, _) = ran(&["info", &table, "--only", "MINE"]);
    assert!(text.contains("2.00 GHz, calibrated\n"), "{text}");
    assert!(
        text.contains("held_out_error") && !text.contains("one "),
        "{text}"
    );
    let found = json(&["info", "--json", &table, "--only", "mine"]);
    let fit = &found["microarchs"][0]["parameters"]["calibration"];
    assert!(fit["intervals"].as_u64().unwrap() > 10, "{found}");
    let args = ["replay", "--model", MODEL, "--microarchs", &table];
    let (code, _, err) = ran(&[&args[..], &["--json", &out, &trace]].concat());
    assert_eq!(code, 0, "{err}");
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let cores = value["microarchs"].as_array().unwrap();
    let mine = cores.iter().find(|m| m["name"] == "mine").unwrap();
    let cpi = mine["cpi"].as_f64().unwrap();
    assert!((cpi - 2.0).abs() < 0.05, "CPI {cpi}");
    assert!(cores.len() > 1, "the given cores stay");

    // A second one into a table of its own, and both tables together.
    let (second, both) = (file("second.safetensors"), file("both.safetensors"));
    let args = [
        "calibrate",
        "--model",
        MODEL,
        "--name",
        "yours",
        "-o",
        &second,
        &trace,
    ];
    assert_eq!(ran(&args).0, 0);
    let (code, _, err) = ran(&["merge", "-o", &both, &table, &second]);
    assert_eq!(code, 0, "{err}");
    let found = json(&["info", "--json", &both]);
    let names: Vec<_> = found["microarchs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["name"])
        .collect();
    assert_eq!(names, ["one", "three", "mine", "yours"]);
    let vector = file("v.vec");
    let (code, _, err) = ran(&[
        "replay", "--model", MODEL, "--sample", "100000", "--vector", &vector,
    ]);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = ran(&["merge", "-o", &both, &table, &vector]);
    assert!(
        code == 2 && err.contains("this reader needs \"microarchs-1\""),
        "{err}"
    );

    let unclocked = file("u.pvt");
    timed_trace(Path::new(&unclocked), None);
    let (code, _, err) = calibrate(&[&unclocked]);
    assert!(code == 2 && err.contains("--clock"), "{err}");
    let (code, _, err) = calibrate(&[&trace, &unclocked]);
    assert!(code == 2 && err.contains("another clock"), "{err}");
}

#[test]
fn speedups_have_a_geometric_mean_and_their_extremes() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let mut table = MicroarchTable::new("m", 2);
    for (name, vector) in [("slow", vec![1.0, 0.0]), ("odd", vec![0.0, 1.0])] {
        let core = Microarch {
            name: name.into(),
            vector,
            ..Microarch::default()
        };
        table.add(core).unwrap();
    }
    let (cores, a, b) = (file("t.safetensors"), file("a.vec"), file("b.vec"));
    table.save(Path::new(&cores)).unwrap();
    // "odd" takes half of what "slow" does for a, and eight times as much for b.
    for (path, sum) in [(&a, vec![20.0, 10.0]), (&b, vec![1.0, 8.0])] {
        let vector = ProgramVector {
            model_id: "m".into(),
            retired: 10,
            measured: 10,
            sum,
            ..ProgramVector::default()
        };
        vector.save(Path::new(path)).unwrap();
    }
    let args = ["predict", "--microarchs", &cores, &a, &b, "--speedup-over"];
    let (code, text, err) = ran(&[&args[..], &["slow"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = text.lines().map(words).collect();
    // In order of the means: 1, and the root of 2 / 8.
    assert_eq!(
        rows[1],
        ["slow", "1.000", "1.000", "a", "1.000", "a"],
        "{text}"
    );
    assert_eq!(
        rows[2],
        ["odd", "0.500", "0.125", "b", "2.000", "a"],
        "{text}"
    );
    let (code, _, err) = ran(&[&args[..], &["fast"]].concat());
    assert!(
        code == 2 && err.contains("--speedup-over fast: not in the table"),
        "{err}"
    );
}

#[test]
fn replay_without_a_trace_takes_the_bundled_one() {
    let (code, text, err) = ran(&["replay", "--model", MODEL, "--sample", "100000"]);
    assert_eq!(code, 0, "{err}");
    assert!(text.contains("2 051 929 instructions"), "{text}");
    assert!(text.contains("one") && text.contains("three"), "{text}");
    let args = ["replay", "--model", MODEL, "--sample", "100000", "--only"];
    let (_, text, _) = ran(&[&args[..], &["thr"]].concat());
    assert!(!text.contains("one") && text.contains("three"), "{text}");
}

#[test]
fn the_manual_and_completions_name_every_command() {
    let (_, manual, _) = ran(&["man"]);
    let (_, script, _) = ran(&["completions", "bash"]);
    for command in [
        "run",
        "record",
        "replay",
        "predict",
        "profile",
        "merge",
        "calibrate",
        "info",
        "diff",
    ] {
        assert!(manual.contains(command), "{command}");
        assert!(script.contains(command), "{command}");
    }
}
