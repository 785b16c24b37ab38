//! `perfvec explore -- PROGRAM`: needs qemu-riscv64 and riscv64-linux-gnu-gcc.

use crate::guests::*;

#[test]
fn a_program_is_recorded_once_and_then_explored() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let space = "like = \"rocket-like\"\n[axes]\nl1d_kib = [8, 16]\n";
    std::fs::write(path("space.toml"), space).unwrap();
    let explore = |program: &[&str]| {
        let args = ["explore", &path("space.toml"), "-o", &path("r.csv"), "--"];
        perfvec(&[&args[..], program].concat())
    };
    let out = explore(&[guest(), "compute"]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    assert!(
        out.stdout.contains("2 estimates, 2 of them priced now"),
        "{}",
        out.stdout
    );
    let trace = std::fs::read(path("r.pvt")).unwrap();
    let out = explore(&[guest(), "compute"]);
    assert!(
        out.stdout.contains("2 estimates, 0 of them priced now"),
        "{}",
        out.stdout
    );
    assert_eq!(std::fs::read(path("r.pvt")).unwrap(), trace);

    // The cycles are those of the program when it is priced as it runs.
    let args = [
        "run",
        "--core",
        "rocket-like",
        "--json",
        &path("live.json"),
        "--",
    ];
    let out = perfvec(&[&args[..], &[guest(), "compute"]].concat());
    assert_eq!(out.code, 0, "{}", out.stderr);
    let live = std::fs::read_to_string(path("live.json")).unwrap();
    let live: serde_json::Value = serde_json::from_str(&live).unwrap();
    let csv = std::fs::read_to_string(path("r.csv")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let cycles = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let is = fields[at("l1d_kib")] == "16";
        is.then(|| fields[at("cycles")].parse::<f64>().unwrap())
    };
    let explored = csv.lines().skip(1).find_map(cycles).unwrap();
    assert_eq!(live["microarchs"][0]["cycles"].as_f64().unwrap(), explored);

    let out = explore(&[guest(), "other"]);
    assert!(
        out.stderr.contains("r.pvt: this is a trace of"),
        "{}",
        out.stderr
    );
    let out = explore(&[&path("absent")]);
    assert!(
        out.code != 0 && out.stderr.contains("r.pvt"),
        "{}",
        out.stderr
    );
}

#[test]
fn a_region_of_a_program_is_explored_in_the_words_of_replay() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let space = "like = \"rocket-like\"\n[axes]\nl1d_kib = [8, 16]\n";
    std::fs::write(path("space.toml"), space).unwrap();
    let trace = path("t.pvt");
    let out = perfvec(&["record", "-o", &trace, "--", guest(), "compute"]);
    assert_eq!(out.code, 0, "{out:?}");
    let explore = |more: &[&str]| {
        let args = ["explore", &path("space.toml"), "-o", &path("r.csv")];
        perfvec(&[&args[..], more, &["--programs", &trace]].concat())
    };
    let region = ["--from", "main", "--skip", "100", "--first", "3000"];
    let out = explore(&region);
    assert!(out.stdout.contains("2 estimates, 2 of them"), "{out:?}");
    assert!(out.stdout.contains("of a region (from 0x"), "{out:?}");
    // Rows of the whole are others.
    let out = explore(&[]);
    assert!(out.stdout.contains("2 estimates, 2 of them"), "{out:?}");
    assert!(!out.stdout.contains("of a region"), "{out:?}");
    let out = explore(&[&region[..], &["--format", "json"]].concat());
    let found: serde_json::Value = serde_json::from_str(&out.stdout).unwrap();
    assert_eq!((&found["estimates"], &found["new"]), (&2.into(), &0.into()));
    // Rows of the region have what follows from them, and rows of the whole, not of this run, nothing.
    let csv = std::fs::read_to_string(path("r.csv")).unwrap();
    let blank = |row: &&str| row.ends_with(",,,,");
    let (whole, region_rows): (Vec<&str>, Vec<&str>) = csv.lines().skip(1).partition(blank);
    assert_eq!((whole.len(), region_rows.len()), (2, 2), "{csv}");
    assert!(region_rows.iter().all(|r| r.contains(", from 0x")), "{csv}");

    let args = ["replay", "--core", "rocket-like", "--json", &path("j")];
    let out = perfvec(&[&args[..], &region, &[&trace]].concat());
    assert_eq!(out.code, 0, "{out:?}");
    let replayed = json(path("j"));
    assert_eq!(replayed["retired"], 3000);
    assert_eq!(found["regions"][&trace], replayed["region"], "{found}");
    let designs = found["designs"].as_array().unwrap();
    let same = designs.iter().find(|d| d["axes"]["l1d_kib"] == 16).unwrap();
    assert_eq!(
        same["programs"][0]["cycles"],
        replayed["microarchs"][0]["cycles"]
    );

    let out = explore(&["--skip", "999999999999"]);
    assert!(
        out.code != 0 && out.stderr.contains("nothing retired in the region"),
        "{out:?}"
    );
    let out = explore(&["--from", "nowhere"]);
    assert!(
        out.code != 0 && out.stderr.contains("--from nowhere: no such function"),
        "{out:?}"
    );
}
