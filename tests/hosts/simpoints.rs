//! Choosing intervals that stand for a program, and SimPoint's files.

use crate::guests::*;
use serde_json::Value;
use std::path::Path;

fn record(dir: &Path, name: &str, what: &[&str]) -> String {
    let trace = dir.join(name).display().to_string();
    let out = perfvec(&[&["record", "-o", &trace, "--", guest()][..], what].concat());
    assert_eq!(out.code, 0, "{out:?}");
    trace
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&succeeds(&[args, &["--json", "-"]].concat()).stdout).unwrap()
}

#[test]
fn points_are_written_as_simpoint_has_them_and_price_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), "t.pvt", &["compute"]);
    let prefix = dir.path().join("p").display().to_string();
    let beside = |end: &str| std::fs::read_to_string(format!("{prefix}.{end}")).unwrap();
    let base = ["simpoints", "--interval", "20000"];
    let out = succeeds(&[&base[..], &["-o", &prefix, &trace]].concat());
    assert!(
        out.stdout.lines().all(|line| line.len() <= 80),
        "{}",
        out.stdout
    );
    let about: Value = serde_json::from_str(&beside("json")).unwrap();
    let points = about["choices"][0]["points"].as_array().unwrap();
    assert!(
        points.len() > 1,
        "start and end differ from the loop: {about}"
    );

    // The two text files go line by line.
    let (simpts, weights) = (beside("simpts"), beside("weights"));
    let mut sum = 0.0;
    for ((point, s), w) in points.iter().zip(simpts.lines()).zip(weights.lines()) {
        let (interval, cluster) = s.split_once(' ').unwrap();
        assert_eq!(interval, point["interval"].to_string());
        let (weight, same) = w.split_once(' ').unwrap();
        assert_eq!(cluster, same);
        sum += weight.parse::<f64>().unwrap();
    }
    assert_eq!(simpts.lines().count(), points.len());
    assert!((sum - 1.0).abs() < 1e-9);

    // The totals are those of replay and of the definition.
    let whole = json(&["replay", "--interval", "20000", &trace]);
    let (all, cores) = (whole["intervals"].as_array().unwrap(), &whole["microarchs"]);
    for (k, core) in about["microarchs"].as_array().unwrap().iter().enumerate() {
        let cycles = core["cycles"].as_f64().unwrap();
        assert!((cycles / cores[k]["cycles"].as_f64().unwrap() - 1.0).abs() < 1e-9);
        let cpi: f64 = points
            .iter()
            .map(|p| {
                let at = p["interval"].as_u64().unwrap() as usize;
                p["weight"].as_f64().unwrap() * all[at]["cpi"][k].as_f64().unwrap()
            })
            .sum();
        let want = cpi * whole["retired"].as_f64().unwrap();
        let weighted = core["weighted_cycles"].as_f64().unwrap();
        assert!((weighted / want - 1.0).abs() < 1e-9, "{core} {want}");
    }

    // Read back, they are the same points; the basic-block vectors as well.
    let again = json(&[&base[..], &["--points", &prefix, &trace]].concat());
    assert_eq!(again["choices"][0]["points"], about["choices"][0]["points"]);
    let bb = format!("{prefix}.bb.gz");
    let again = json(&[&base[..], &["--bb", &bb, "--by", "blocks", &trace]].concat());
    assert_eq!(again["choices"][0], about["choices"][1]);

    // A detailed core that takes exactly as long as estimated changes nothing; its pieces alone do
    // not know the rest.
    let pieces = dir.path().join("cycles.csv").display().to_string();
    let mut text = "interval,cycles,retirements\n".to_string();
    for p in points {
        let at = p["interval"].as_u64().unwrap() as usize;
        // The last interval is short.
        let retired = all[at]["retirements"].as_f64().unwrap();
        let cycles = all[at]["cpi"][1].as_f64().unwrap() * retired;
        text += &format!("{at},{cycles},{retired}\n");
    }
    std::fs::write(&pieces, &text).unwrap();
    let name = cores[1]["name"].as_str().unwrap();
    let args = [
        "--points", &prefix, "--cycles", &pieces, "--on", name, &trace,
    ];
    let corrected = json(&[&base[..], &args].concat());
    let (whole, core) = (&corrected["whole"], &corrected["microarchs"][1]);
    let number = |v: &Value| v.as_f64().unwrap();
    assert!(
        (number(&whole["cycles"]) / number(&core["cycles"]) - 1.0).abs() < 1e-9,
        "{whole}"
    );
    assert!((number(&whole["plain_cycles"]) / number(&core["weighted_cycles"]) - 1.0).abs() < 1e-9);
    assert!(number(&whole["half_width"]) < 1e-6, "{whole}");
    std::fs::write(&pieces, text.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    fails(&[&base[..], &args].concat(), "no line for interval");
}

/// Equal distances need no clustering, so tiny intervals are no burden; every format has the points.
#[test]
fn systematic_points_are_chosen_among_any_number_of_intervals() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), "t.pvt", &["compute"]);
    let base = [
        "simpoints",
        "--interval",
        "10",
        "--by",
        "systematic",
        "--max",
        "50",
        &trace,
    ];
    let value = json(&base);
    let all = value["choices"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["by"]), (1, &"systematic".into()));
    let points = all[0]["points"].as_array().unwrap();
    let intervals = value["retirements"].as_array().unwrap().len();
    assert!(points.len() == 50 && intervals > 20_000, "{intervals}");
    let csv = succeeds(&[&base[..], &["--format", "csv"]].concat()).stdout;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("interval,first,retirements,weight"));
    for (line, p) in lines.by_ref().zip(points) {
        let at = p["interval"].as_u64().unwrap();
        assert_eq!(line, format!("{at},{},10,{}", 10 * at, p["weight"]));
    }
    assert_eq!(lines.next(), None);
    let printed = succeeds(&[&base[..], &["--format", "json"]].concat()).stdout;
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
    // Nothing that is read is replaced.
    fails(
        &[&base[..], &["--report", &trace]].concat(),
        "are the same file",
    );
}

#[test]
fn files_of_other_programs_and_lengths_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let compute = record(dir.path(), "compute.pvt", &["compute"]);
    let other = record(dir.path(), "exit.pvt", &["exit", "0"]);
    let text = |name: &str| dir.path().join(name).display().to_string();
    let prefix = text("p");
    succeeds(&["simpoints", "--interval", "20000", "-o", &prefix, &compute]);
    let with = |length: &str, more: &[&str]| -> Vec<String> {
        let all = [&["simpoints", "--interval", length][..], more].concat();
        all.into_iter().map(String::from).collect()
    };
    let fails = |args: Vec<String>, says: &str| {
        fails(&args.iter().map(String::as_str).collect::<Vec<_>>(), says);
    };
    fails(
        with("20000", &["--points", &prefix, &other]),
        "points of another program",
    );
    // SimPoint's own files say nothing of the program; their intervals do.
    std::fs::remove_file(format!("{prefix}.json")).unwrap();
    fails(
        with("1000000", &["--points", &prefix, &compute]),
        "but the program has only",
    );
    let bb = format!("{prefix}.bb.gz");
    fails(with("20000", &["--bb", &bb, &other]), "of another program");
    fails(
        with("20000", &["--bb", "/dev/zero", &compute]),
        "/dev/zero: ",
    );
    let cut = text("cut.bb.gz");
    let whole = std::fs::read(&bb).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    fails(with("20000", &["--bb", &cut, &compute]), "cut.bb.gz: line ");
    fails(
        with("40000", &["--bb", &bb, &compute]),
        "ends after 20 000 instructions",
    );
    fails(
        with("20000", &["--points", &text("none"), &compute]),
        "none.weights",
    );
    std::fs::write(format!("{prefix}.weights"), "1 77\n").unwrap();
    fails(
        with("20000", &["--points", &prefix, &compute]),
        "no weight for cluster",
    );
    fails(with("0", &[&compute]), "interval");
}
