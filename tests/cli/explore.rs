//! `perfvec explore`: spaces of designs.

use crate::perfvec;
use perfvec::trace::{self, Block, Writer};
use perfvec_test_support::root;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `count` retirements of the bundled trace from `skip` on.
fn cut(dir: &Path, name: &str, skip: usize, count: usize) {
    let mut reader = trace::open(root("examples/lua.pvt")).unwrap();
    let mut writer = Writer::create(dir.join(name), reader.header().clone()).unwrap();
    let mut block = Block::default();
    let mut seen = 0;
    while seen < skip + count {
        assert!(reader.next_block(&mut block).unwrap());
        for inst in &block.statics {
            writer.intern(inst).unwrap();
        }
        for r in &block.retirements {
            if (skip..skip + count).contains(&seen) {
                writer.retire(r).unwrap();
            }
            seen += 1;
        }
    }
    writer.finish().unwrap();
}

const SPACE: &str = "like = \"cortex-a72-like\"\n\
    constraints = [\"iq <= rob\"]\n\
    [axes]\n\
    rob = [32, 64, 128]\n\
    iq = {from = 16, to = 64, times = 2}\n\
    predictor = [\"local\", \"ltage\"]\n";

/// A folder with a space of 16 designs and two programs.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("space.toml"), SPACE).unwrap();
    cut(dir.path(), "a.pvt", 0, 40_000);
    cut(dir.path(), "b.pvt", 150_000, 30_000);
    dir
}

const EXPLORE: [&str; 5] = ["explore", "space.toml", "--programs", "a.pvt", "b.pvt"];

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        // The settings have a comma only where units are sampled.
        let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        assert_eq!(fields.len(), header.len(), "{line}");
        header.iter().map(|h| h.to_string()).zip(fields).collect()
    };
    lines.map(row).collect()
}

#[test]
fn every_design_has_the_cycles_that_replay_gives_it_alone() {
    let dir = folder();
    for sample in [&[][..], &["--sample", "2048", "--unit", "256"]] {
        let csv = ["--format", "json"];
        let text = perfvec(dir.path(), &[&EXPLORE[..], sample, &csv].concat()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let designs = json["designs"].as_array().unwrap();
        assert_eq!(designs.len(), 16);
        for design in designs.iter().step_by(5) {
            let mut core = String::from("like = \"cortex-a72-like\"\n");
            for (axis, value) in design["axes"].as_object().unwrap() {
                core += &format!("{axis} = {value}\n");
            }
            std::fs::write(dir.path().join("one.toml"), core).unwrap();
            for program in design["programs"].as_array().unwrap() {
                let name = program["program"].as_str().unwrap();
                let args = ["replay", name, "--core", "one.toml", "--json", "-"];
                let text = perfvec(dir.path(), &[&args[..], sample].concat()).unwrap();
                let alone: Value = serde_json::from_str(&text).unwrap();
                let alone = &alone["microarchs"][0];
                for field in ["cycles", "cpi", "seconds", "half_width", "stack"] {
                    assert!(!program[field].is_null());
                    assert_eq!(program[field], alone[field], "{name} {field} {design}");
                }
                assert_eq!(program["half_width"] == 0.0, sample.is_empty());
            }
        }
    }
}

#[test]
fn an_axis_may_be_called_as_a_cause_of_cycles_is() {
    let dir = folder();
    let space =
        "like = \"cortex-a72-like\"\n[axes]\nmemory = [\"DDR4_2400_8x8\", \"LPDDR3_1600_1x32\"]\n";
    std::fs::write(dir.path().join("space.toml"), space).unwrap();
    let args = [&EXPLORE[..], &["-o", "r.csv", "--no-progress"]].concat();
    perfvec(dir.path(), &args).unwrap();
    let csv = std::fs::read_to_string(dir.path().join("r.csv")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let names: std::collections::BTreeSet<&&str> = header.iter().collect();
    assert_eq!(names.len(), header.len(), "{header:?}");
    for row in rows(&csv) {
        assert!(row["memory"].contains("_"), "{row:?}");
        let parts = row.iter().filter(|(name, _)| name.starts_with("cycles_"));
        let parts = parts.map(|(_, cycles)| cycles.parse::<f64>().unwrap());
        let cycles: f64 = row["cycles"].parse().unwrap();
        assert!((parts.sum::<f64>() / cycles - 1.0).abs() < 1e-9);
    }
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(text.contains("4 estimates, 0 of them"), "{text}");
}

#[test]
fn speedups_front_and_sensitivities_follow_from_the_rows() {
    let dir = folder();
    let out = ["-o", "r.csv", "--cost", "rob + 2 * iq", "--no-progress"];
    let args = [&EXPLORE[..], &out].concat();
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(
        text.contains("16 designs like cortex-a72-like, 2 programs: 32 estimates, 32 of them"),
        "{text}"
    );
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    let csv = std::fs::read_to_string(dir.path().join("r.csv")).unwrap();
    let rows = rows(&csv);
    assert_eq!(rows.len(), 32);
    let number = |row: &BTreeMap<String, String>, field: &str| row[field].parse::<f64>().unwrap();
    let base = |program: &str| {
        let is = |r: &&BTreeMap<String, String>| {
            r["program"] == program
                && r["rob"] == "128"
                && r["iq"] == "64"
                && r["predictor"] == "ltage"
        };
        number(rows.iter().find(is).unwrap(), "seconds")
    };
    let of = |core: &str| -> Vec<&BTreeMap<String, String>> {
        rows.iter().filter(|r| r["core"] == core).collect()
    };
    for row in &rows {
        let ratios: Vec<f64> = of(&row["core"])
            .iter()
            .map(|r| base(&r["program"]) / number(r, "seconds"))
            .collect();
        assert_eq!(ratios.len(), 2);
        let mean = (ratios[0] * ratios[1]).sqrt();
        assert!((number(row, "speedup") / mean - 1.0).abs() < 1e-12);
        assert_eq!(number(row, "worst"), ratios[0].min(ratios[1]));
        assert_eq!(
            number(row, "cost"),
            number(row, "rob") + 2.0 * number(row, "iq")
        );
        let order = ["base", "fetch", "branch", "dependence", "ports", "window"];
        let parts = order.iter().chain(&["L1", "L2", "L3", "memory", "store"]);
        let sum: f64 = parts
            .map(|part| number(row, &format!("cycles_{part}")))
            .sum();
        assert_eq!(sum, number(row, "cycles"));
        let better = |other: &BTreeMap<String, String>| {
            let (cost, speedup) = (number(other, "cost"), number(other, "speedup"));
            cost <= number(row, "cost")
                && speedup >= number(row, "speedup")
                && (cost < number(row, "cost") || speedup > number(row, "speedup"))
        };
        let front = !rows.iter().any(better);
        assert_eq!(row["pareto"], if front { "yes" } else { "no" });
    }
    // Weights change the mean, and nothing else.
    let weighted = [&args[..], &["--weights", "3,1", "--format", "csv"]].concat();
    let weighted = crate::explore::rows(&perfvec(dir.path(), &weighted).unwrap());
    for (row, other) in rows.iter().zip(&weighted) {
        let seconds = |name: &str| {
            let of_core = of(&row["core"]);
            let is = |r: &&&BTreeMap<String, String>| r["program"] == name;
            number(of_core.iter().find(is).unwrap(), "seconds")
        };
        let log = |name: &str| (base(name) / seconds(name)).ln();
        let mean = (0.75 * log("a.pvt") + 0.25 * log("b.pvt")).exp();
        assert!((number(other, "speedup") / mean - 1.0).abs() < 1e-12);
        assert_eq!(
            (&row["cycles"], &row["worst"]),
            (&other["cycles"], &other["worst"])
        );
    }
    // A machine with a small window, few entries and a poor predictor is slower.
    let speedup = |rob: &str, iq: &str, predictor: &str| {
        let is = |r: &&BTreeMap<String, String>| {
            r["rob"] == rob && r["iq"] == iq && r["predictor"] == predictor
        };
        number(rows.iter().find(is).unwrap(), "speedup")
    };
    assert!(speedup("32", "16", "local") < speedup("128", "64", "ltage"));
}

#[test]
fn what_is_there_is_not_priced_again_and_what_changed_is_refused() {
    let dir = folder();
    let out = ["-o", "r.csv"];
    let args = [&EXPLORE[..], &out].concat();
    perfvec(dir.path(), &args).unwrap();
    let whole = std::fs::read_to_string(dir.path().join("r.csv")).unwrap();
    let again = perfvec(dir.path(), &args).unwrap();
    assert!(
        again.contains("32 estimates, 0 of them priced now"),
        "{again}"
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("r.csv")).unwrap(),
        whole
    );

    // Half of the rows: the other half comes back.
    let half: Vec<&str> = whole.lines().take(17).collect();
    std::fs::write(dir.path().join("r.csv"), half.join("\n") + "\n").unwrap();
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(
        text.contains("32 estimates, 16 of them priced now"),
        "{text}"
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("r.csv")).unwrap(),
        whole
    );

    // More of the axis: only what is new.
    let wider = SPACE.replace("[32, 64, 128]", "[32, 64, 128, 256]");
    std::fs::write(dir.path().join("space.toml"), wider).unwrap();
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(
        text.contains("44 estimates, 12 of them priced now"),
        "{text}"
    );

    // Another program under the same name, and other axes.
    let kept = std::fs::read_to_string(dir.path().join("r.csv")).unwrap();
    cut(dir.path(), "b.pvt", 150_000, 20_000);
    let e = perfvec(dir.path(), &args).unwrap_err();
    assert!(
        e.contains("b.pvt: it is not the trace that r.csv was made of"),
        "{e}"
    );
    std::fs::write(
        dir.path().join("space.toml"),
        SPACE
            .replace("predictor", "fetch_width")
            .replace("[\"local\", \"ltage\"]", "[2]"),
    )
    .unwrap();
    let e = perfvec(dir.path(), &args).unwrap_err();
    assert!(e.contains("r.csv: its columns are not those"), "{e}");
    assert_eq!(
        std::fs::read_to_string(dir.path().join("r.csv")).unwrap(),
        kept
    );
}

#[test]
fn a_killed_run_goes_on_and_ends_as_one_that_was_not() {
    let dir = folder();
    // Groups of 114: the first ones are written while later ones are priced.
    let space = SPACE.replace("[32, 64, 128]", "{from = 64, to = 120, step = 1}");
    std::fs::write(dir.path().join("space.toml"), space).unwrap();
    let results = dir.path().join("r.csv");
    let args = [&EXPLORE[..], &["-o", "r.csv", "--no-progress"]].concat();
    let mut child = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir.path())
        .args(&args)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !results.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Meanwhile nobody else writes the file, and what is priced stays there.
    let e = perfvec(dir.path(), &args).unwrap_err();
    let who = format!(
        "r.csv: another exploration writes it (process {} on ",
        child.id()
    );
    assert!(e.contains(&who) && e.contains("give another -o"), "{e}");
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = rows(&std::fs::read_to_string(&results).unwrap());
    assert!(kept.len() >= 114, "{} rows", kept.len());
    let text = perfvec(dir.path(), &args).unwrap();
    let lacked = 2 * 57 * 6 - kept.len();
    // The core that they are like is not among them.
    let lacked = format!("686 estimates, {} of them priced now", lacked + 2);
    assert!(text.contains(&lacked), "{text} lacks {lacked}");
    let went_on = std::fs::read_to_string(&results).unwrap();
    let other = [&EXPLORE[..], &["-o", "other.csv"]].concat();
    perfvec(dir.path(), &other).unwrap();
    let other = std::fs::read_to_string(dir.path().join("other.csv")).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&went_on), sorted(&other));
}

#[test]
fn rows_of_another_build_are_kept_and_not_used() {
    let dir = folder();
    let args = [&EXPLORE[..], &["-o", "r.csv"]].concat();
    perfvec(dir.path(), &args).unwrap();
    let path = dir.path().join("r.csv");
    let whole = std::fs::read_to_string(&path).unwrap();
    let row = &rows(&whole)[0];
    let words: Vec<&str> = row["settings"].split(' ').collect();
    // perfvec, version, sources, rules, sampling.
    assert_eq!((words.len(), words[2].len()), (5, 16), "{words:?}");
    let other = whole.replace(words[2], "0123456789abcdef");
    let sampled = row["settings"].replace("full", "1 in 4096");
    std::fs::write(&path, &other).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir.path())
        .args(&args)
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(
        text.contains("32 estimates, 32 of them priced now"),
        "{text}"
    );
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(
        told.contains("r.csv: 32 rows are kept, and not used"),
        "{told}"
    );
    let both = std::fs::read_to_string(&path).unwrap();
    let (old, new): (Vec<_>, Vec<_>) = rows(&both)
        .into_iter()
        .partition(|r| r["settings"].contains("0123456789abcdef"));
    assert_eq!((old.len(), &new), (32, &rows(&whole)));
    assert!(old
        .iter()
        .all(|r| r["speedup"].is_empty() && r["pareto"].is_empty()));
    // Other settings of the same build are nothing to tell of.
    let few = whole.replace(&row["settings"], &sampled);
    std::fs::write(&path, few).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir.path())
        .args(&args)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn a_difference_is_shared_among_parameters() {
    let dir = folder();
    let more = [
        "-o",
        "r.csv",
        "--explain",
        "like",
        "best",
        "--objective",
        "worst",
    ];
    // The best is better than a base that is the smallest.
    let small = SPACE.replace(
        "\nconstraints",
        "\nrob = 32\niq = 16\npredictor = \"local\"\nconstraints",
    );
    std::fs::write(dir.path().join("space.toml"), small).unwrap();
    let json = ["--format", "json"];
    let text = perfvec(dir.path(), &[&EXPLORE[..], &more, &json].concat()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let shares = json["explained"]["shares"].as_array().unwrap();
    let sum: f64 = shares
        .iter()
        .map(|s| s["log_speedup"].as_f64().unwrap())
        .sum();
    let to = json["explained"]["to"].as_str().unwrap();
    let designs = json["designs"].as_array().unwrap();
    let design = designs.iter().find(|d| d["core"] == *to).unwrap();
    assert!((sum.exp() / design["speedup"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let best = designs
        .iter()
        .map(|d| d["worst"].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(design["worst"].as_f64().unwrap(), best);
    assert!(json["explained"]["orders"].is_null());
    // By the design's hash it is the same, and nothing is priced again.
    let more = ["-o", "r.csv", "--explain", "like", to];
    let text = perfvec(dir.path(), &[&EXPLORE[..], &more].concat()).unwrap();
    assert!(text.contains(&format!("from like to {to}")), "{text}");
    assert!(
        text.contains("32 estimates, 0 of them priced now"),
        "{text}"
    );
}

#[test]
fn large_spaces_are_sampled() {
    let dir = folder();
    let space = SPACE.replace("[32, 64, 128]", "{from = 64, to = 2000, step = 1}")
        + "lq = {from = 8, to = 1000, step = 1}\n";
    std::fs::write(dir.path().join("space.toml"), space).unwrap();
    let e = perfvec(dir.path(), &EXPLORE).unwrap_err();
    assert!(
        e.contains("space.toml: the space has 11540") && e.contains("--sample-designs N"),
        "{e}"
    );
    let csv = |seed: &str| {
        let more = ["--sample-designs", "9", "--seed", seed, "--format", "csv"];
        let text = perfvec(dir.path(), &[&EXPLORE[..], &more].concat()).unwrap();
        assert_eq!(rows(&text).len(), 2 * (9 + 1));
        text
    };
    assert_eq!(csv("1"), csv("1"));
    assert_ne!(csv("1"), csv("2"));
}

#[test]
fn mistakes_say_what_to_give() {
    let dir = folder();
    let like = "like = \"cortex-a72-like\"\n";
    for (space, says) in [
        ("[axes]\nrobb = [64]", "space.toml: axis robb"),
        ("[axes]\nrob = []", "axis rob: it has 0 values"),
        (
            "constraints = [\"rob < iq\"]\n[axes]\nrob = [128]",
            "the space is empty",
        ),
        (
            "constraints = [\"rob <\"]\n[axes]\nrob = [128]",
            "space.toml: constraints: \"rob <\"",
        ),
        ("", "no axes"),
    ] {
        std::fs::write(dir.path().join("space.toml"), format!("{like}{space}")).unwrap();
        let e = perfvec(dir.path(), &EXPLORE).unwrap_err();
        assert!(e.contains(says), "{e} lacks {says}");
    }
    std::fs::write(dir.path().join("space.toml"), SPACE).unwrap();
    std::fs::write(dir.path().join("bad.csv"), "a,b\n1,2\n").unwrap();
    for (args, says) in [
        (
            &["--cost", "robb * 2"][..],
            "--cost: \"robb * 2\": \"robb\" is not a parameter",
        ),
        (&["--cost", "rob > 2"], "not a number"),
        (
            &["--cost", "1e400"],
            "--cost: \"1e400\": it is inf for a design",
        ),
        (&["--cost", "1e"], "--cost: \"1e\""),
        (
            &["--explain", "like", "123456"],
            "--explain 123456: not a design",
        ),
        (&["--explain", "like", "like"], "differ in 0 parameters"),
        (&["--sample", "10"], "--sample 10"),
        (&["--weights", "1"], "--weights: 1 weights for 2 programs"),
        (&["--weights", "1,0"], "--weights: 0; give numbers over 0"),
        (&["--sample-designs", "0"], "--sample-designs"),
        (&["-o", "space.toml"], "the same file"),
        (&["-o", "a.pvt"], "the same file"),
        (&["-o", "bad.csv"], "bad.csv: its columns"),
    ] {
        let e = perfvec(dir.path(), &[&EXPLORE[..], args].concat()).unwrap_err();
        assert!(e.contains(says), "{e} lacks {says}");
    }
    let e = perfvec(
        dir.path(),
        &["explore", "space.toml", "--programs", "a.pvt", "./a.pvt"],
    )
    .unwrap_err();
    assert!(e.contains("are the same trace"), "{e}");
    let e = perfvec(
        dir.path(),
        &["explore", "space.toml", "--programs", "absent.pvt"],
    )
    .unwrap_err();
    assert!(e.contains("absent.pvt"), "{e}");
    let e = perfvec(dir.path(), &["explore", "space.toml"]).unwrap_err();
    assert!(e.contains("--programs"), "{e}");
}

#[test]
fn a_table_of_designs_is_priced_and_what_is_none_is_counted() {
    let dir = folder();
    let write = |text: &str| std::fs::write(dir.path().join("list.csv"), text).unwrap();
    let listed = |more: &[&str]| {
        let args = [
            &EXPLORE[..],
            &["--designs", "list.csv", "--format", "json"],
            more,
        ]
        .concat();
        perfvec(dir.path(), &args)
    };
    // One twice, one that a constraint forbids, one value that the axis has not.
    write("note,predictor,rob,iq\nx,ltage,64,32\nx,local,128.0,16\nx,ltage,64,32\nx,ltage,32,64\nx,ltage,48,16\n");
    let args = [&EXPLORE[..], &["--designs", "list.csv"]].concat();
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(
        text.contains("\n2 of the given rows are not designs"),
        "{text}"
    );
    let json: Value = serde_json::from_str(&listed(&["-o", "r.csv"]).unwrap()).unwrap();
    assert_eq!((&json["left_out"], &json["new"]), (&2.into(), &6.into()));
    let designs: Vec<String> = json["designs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            format!(
                "{} {} {}",
                d["axes"]["rob"], d["axes"]["iq"], d["axes"]["predictor"]
            )
        })
        .collect();
    let expected = ["128 16 \"local\"", "64 32 \"ltage\""];
    assert_eq!(designs.len(), 2);
    assert!(
        expected.iter().all(|e| designs.contains(&e.to_string())),
        "{designs:?}"
    );
    // Results list designs themselves, the core that they are like among them.
    let again = ["-o", "r.csv", "--designs", "r.csv", "--format", "json"];
    let text = perfvec(dir.path(), &[&EXPLORE[..], &again].concat()).unwrap();
    let again: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&again["left_out"], &again["new"]), (&0.into(), &0.into()));
    assert_eq!(again["designs"].as_array().unwrap().len(), 3);
    for (text, says) in [
        ("rob,iq\n64,32\n", "no column predictor"),
        ("rob,iq,predictor\n63,32,ltage\n", "none of its rows"),
        ("rob,iq,predictor\n64,32\n", "list.csv"),
    ] {
        write(text);
        let e = listed(&[]).unwrap_err();
        assert!(e.contains(says) && e.contains("list.csv"), "{e}");
    }
    let e = listed(&["--report", "list.csv"]).unwrap_err();
    assert!(e.contains("the same file"), "{e}");
}

#[test]
fn the_page_of_a_large_space_has_the_front_and_the_best() {
    let dir = folder();
    let space = "like = \"rocket-like\"\n[axes]\nbtb_log2 = {from = 2, to = 13, step = 1}\n\
        ras = {from = 1, to = 100, step = 1}\n";
    std::fs::write(dir.path().join("large.toml"), space).unwrap();
    cut(dir.path(), "short.pvt", 0, 2_000);
    let args = [
        "explore",
        "large.toml",
        "--programs",
        "short.pvt",
        "--cost",
        "ras - btb_log2",
    ];
    let more = ["--report", "p.html", "--format", "json"];
    let text = perfvec(dir.path(), &[&args[..], &more].concat()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let page = crate::page::data(&dir.path().join("p.html"));
    let designs = |json: &Value| json["designs"].as_array().unwrap().clone();
    let (all, shown) = (designs(&json), designs(&page["result"]));
    assert_eq!(
        (all.len(), shown.len(), &page["of"]),
        (1200, 1000, &1200.into())
    );
    assert!(shown.iter().all(|d| all.contains(d)));
    let front: Vec<&Value> = all.iter().filter(|d| d["pareto"] == true).collect();
    assert_eq!(page["front"], front.len());
    assert!(front.iter().all(|d| shown.contains(d)));
    let speedup = |d: &Value| d["speedup"].as_f64().unwrap();
    let best = all.iter().map(speedup).fold(0.0, f64::max);
    let chosen = shown.iter().find(|d| d["core"] == page["best"]).unwrap();
    assert_eq!(speedup(chosen), best);
    assert_eq!(
        (&page["kind"], &page["cost"]),
        (&"exploration".into(), &"ras - btb_log2".into())
    );
    assert_eq!(page["result"]["axes"], json["axes"]);
}
