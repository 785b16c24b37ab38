//! `perfvec compare`, on results as the other commands write them.

use crate::ran;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The bundled trace, priced on two cores by their parameters.
fn replayed(dir: &Path) -> (PathBuf, Value) {
    let file = dir.join("replayed.json");
    let (code, _, err) = ran(&[
        "replay",
        "--core",
        "rocket-like",
        "--core",
        "boom-large-like",
        "--interval",
        "100000",
        "--json",
        path(&file),
    ]);
    assert_eq!(code, 0, "{err}");
    let value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    (file, value)
}

fn compared(args: &[&str]) -> Value {
    let (code, out, err) = ran(&[&["compare", "--format", "json"], args].concat());
    assert_eq!(code, 0, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

fn sum(all: &Value, of: impl Fn(&Value) -> &Value) -> f64 {
    let all = all.as_array().unwrap().iter();
    all.map(|x| of(x).as_f64().unwrap()).sum()
}

#[test]
fn causes_and_phases_of_two_cores_add_up_to_their_difference() {
    let dir = tempfile::tempdir().unwrap();
    let (file, result) = replayed(dir.path());
    let on = "A=rocket-like,B=boom-large-like";
    let found = compared(&[path(&file), path(&file), "--on", on]);
    let cores = result["microarchs"].as_array().unwrap();
    let core = |name: &str| cores.iter().find(|c| c["name"] == name).unwrap();
    let (rocket, boom) = (core("rocket-like"), core("boom-large-like"));
    let cycles = |core: &Value| core["cycles"].as_f64().unwrap();
    let total = &found["totals"][0];
    assert_eq!(found["totals"].as_array().unwrap().len(), 1);
    assert_eq!(total["a"]["cycles"], cycles(rocket));
    assert_eq!(total["b"]["cycles"], cycles(boom));
    assert_eq!(total["cycles"], cycles(boom) - cycles(rocket));
    assert_eq!(total["cycles_ratio"], cycles(boom) / cycles(rocket));
    let causes = &found["causes"];
    assert_eq!(causes.as_array().unwrap().len(), 11);
    assert!(near(sum(causes, |c| &c["a"]), cycles(rocket)));
    assert!(near(
        sum(causes, |c| &c["difference"]),
        cycles(boom) - cycles(rocket)
    ));
    for cause in causes.as_array().unwrap() {
        let name = cause["cause"].as_str().unwrap();
        assert_eq!(cause["a"], rocket["stack"][name]);
        assert_eq!(cause["b"], boom["stack"][name]);
    }
    let phases = &found["phases"];
    assert_eq!(phases.as_array().unwrap().len(), 20);
    assert!(near(sum(phases, |p| &p["a"]["cycles"]), cycles(rocket)));
    assert!(near(sum(phases, |p| &p["b"]["cycles"]), cycles(boom)));
    // A result and itself do not differ.
    let same = compared(&[path(&file), path(&file)]);
    assert_eq!(same["totals"].as_array().unwrap().len(), 2);
    assert!(sum(&same["phases"], |p| &p["difference"]) == 0.0);
    let totals = same["totals"].as_array().unwrap();
    assert!(totals.iter().all(|t| t["cycles_ratio"] == 1.0));
}

#[test]
fn the_table_the_csv_and_the_page_show_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (a, mut result) = replayed(dir.path());
    let b = dir.path().join("b.json");
    for core in result["microarchs"].as_array_mut().unwrap() {
        core["cycles"] = json!(core["cycles"].as_f64().unwrap() + 1000.0);
        core["stack"]["L2"] = json!(core["stack"]["L2"].as_f64().unwrap() + 1000.0);
    }
    std::fs::write(&b, result.to_string()).unwrap();
    let page = dir.path().join("c.html");
    let args = ["compare", path(&a), path(&b), "--on", "rocket-like"];
    let (code, table, err) = ran(&[&args[..], &["--report", path(&page)]].concat());
    assert_eq!(code, 0, "{err}");
    // But for the first two, which name the files.
    assert!(
        table.lines().skip(2).all(|l| l.chars().count() <= 80),
        "{table}"
    );
    let l2 = table.lines().find(|l| l.starts_with("L2 ")).unwrap();
    assert!(l2.contains("+1000 ") && l2.contains("+100.0%"), "{l2}");
    let (_, csv, _) = ran(&[&args[..], &["--format", "csv"]].concat());
    let l2 = csv.lines().find(|l| l.starts_with("cause,L2,")).unwrap();
    assert!(l2.ends_with(",1000"), "{l2}");
    assert!(std::fs::read_to_string(&page)
        .unwrap()
        .contains("perfvec-comparison-1"));
}

/// A profile as `perfvec profile --json` writes it.
fn profile(dir: &Path, name: &str, functions: &[(&str, f64, f64)]) -> PathBuf {
    let functions: Vec<Value> = functions
        .iter()
        .map(|(name, instructions, cycles)| {
            let values = [instructions, cycles];
            json!({"name": name, "file": "", "self": values, "total": values})
        })
        .collect();
    let values = json!([{"name": "instructions", "unit": "count"}, {"name": "cycles on x", "unit": "cycles"}]);
    let all = json!({
        "format": "perfvec-profile-2", "program": "p", "model": "m", "retired": 30, "measured": 30,
        "values": values, "functions": functions,
    });
    let file = dir.join(name);
    std::fs::write(&file, all.to_string()).unwrap();
    file
}

#[test]
fn functions_are_matched_by_name_and_sorted_by_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let a = profile(dir.path(), "a", &[("f", 10.0, 20.0), ("gone", 5.0, 7.0)]);
    let b = profile(dir.path(), "b", &[("f", 10.0, 21.0), ("new", 1.0, 50.0)]);
    let found = compared(&[path(&a), path(&b)]);
    let names: Vec<&Value> = found["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert_eq!(names, ["new", "gone", "f"]);
    assert_eq!(found["functions"][1]["difference"], -7.0);
    assert_eq!(found["totals"][0]["cycles"], 44.0);
    let (_, table, _) = ran(&["compare", path(&a), path(&b), "--top", "1"]);
    assert!(
        table.contains("new ") && table.contains("(2 others)"),
        "{table}"
    );
}

#[test]
fn what_is_no_result_or_of_another_kind_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (a, mut result) = replayed(dir.path());
    let at = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let refused = |b: &Path, more: &[&str], words: &[&str]| {
        let (code, out, err) = ran(&[&["compare", path(&a), path(b)], more].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        for word in words {
            assert!(err.contains(word), "{word}: {err}");
        }
    };
    refused(&at("text", "junk"), &[], &["text", "not JSON", "--json"]);
    refused(&at("other", "{}"), &[], &["other", "\"format\"", "--json"]);
    refused(&at("wrong", r#"{"format":"x"}"#), &[], &["wrong", "\"x\""]);
    let of_profile = profile(dir.path(), "prof", &[("f", 1.0, 1.0)]);
    refused(&of_profile, &[], &["replayed.json", "prof", "one kind"]);
    refused(
        &a,
        &["--on", "z80"],
        &["replayed.json", "z80", "rocket-like"],
    );
    refused(&a, &["--report", path(&a)], &["--report", "the same file"]);
    result["intervals"][0]["cpi"] = json!([1.0]);
    refused(
        &at("short", &result.to_string()),
        &[],
        &["short", "\"cpi\""],
    );
    result["microarchs"][0]
        .as_object_mut()
        .unwrap()
        .remove("cycles");
    refused(&at("less", &result.to_string()), &[], &["less", "`cycles`"]);
}
