//! Regions of interest through the command line: against counts by hand, and live against
//! recordings to the bit. Needs qemu-riscv64 and riscv64-linux-gnu-gcc.

use crate::guests::{json as json_of, *};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

fn program() -> &'static str {
    static ONCE: OnceLock<String> = OnceLock::new();
    ONCE.get_or_init(|| {
        plugins();
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("region-guest");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/qemu/region.c");
        let built = Command::new("riscv64-linux-gnu-gcc")
            .args(["-O1", "-static", "-o"])
            .args([&out, &source])
            .status()
            .unwrap();
        assert!(built.success());
        out.display().to_string()
    })
}

/// Regions, and how many retirements lie in them by hand: `measured` runs three times, each time
/// mv, marker, li, 100 trips of two instructions, marker, mv, ret.
const BY_HAND: [(&[&str], u64); 9] = [
    (&["--markers"], 3 * 201),
    (&["--from", "trip:11", "--until", "trip:21"], 20),
    (&["--from", "trip", "--first", "7"], 7),
    (&["--from", "measured", "--until", "trip"], 3),
    // The second run's li, and four of its trips: number 105 of all is its fifth.
    (
        &["--from", "measured:2", "--skip", "2", "--until", "trip:105"],
        1 + 4 * 2,
    ),
    // From one run to the next: all of it, and what main does in between, which is not ours to say.
    (&["--from", "trip:100", "--first", "5"], 5),
    (
        &["--from", "measured:3", "--skip", "3", "--first", "200"],
        200,
    ),
    (&["--skip", "1000", "--first", "1234"], 1234),
    (&["--first", "1"], 1),
];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn regions_hold_what_counts_by_hand_say_live_and_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (whole, part) = (path("whole.pvt"), path("part.pvt"));
    let out = perfvec(&["record", "-o", text(&whole), "--", program()]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    for (region, count) in BY_HAND {
        let price = |name: &str, command: &[&str], program: &[&str]| {
            let (json, vector) = (path(&format!("{name}.json")), path(&format!("{name}.v")));
            let files = ["--json", text(&json), "--vector", text(&vector)];
            let out = priced(&[command, region, &files, program].concat());
            assert_eq!(out.code, 0, "{region:?}: {}", out.stderr);
            (json_of(&json), std::fs::read(&vector).unwrap())
        };
        let live = price("live", &["run"], &["--", program()]);
        let replayed = price(
            "replayed",
            &["replay"],
            &["--program", program(), text(&whole)],
        );
        // `run` tells more, of threads and processes.
        for key in ["retired", "measured", "microarchs", "region", "sampling"] {
            assert_eq!(live.0[key], replayed.0[key], "{region:?} {key}");
        }
        assert_eq!(live.1, replayed.1, "{region:?}");
        assert_eq!(live.0["retired"], count, "{region:?}");
        assert_eq!(live.0["measured"], count, "{region:?}");
        assert!(live.0["region"].is_object());

        // Of a recording of the region, and of the text of one.
        let args = [
            &["record", "-o", text(&part)][..],
            region,
            &["--", program()],
        ];
        let out = perfvec(&args.concat());
        assert_eq!(out.code, 0, "{region:?}: {}", out.stderr);
        let info = perfvec(&["info", "--json", "--verify", text(&part)]);
        let info: Value = serde_json::from_str(&info.stdout).unwrap();
        assert_eq!(info["retirements"], count, "{region:?}");
        let dump = |more: &[&str], trace: &Path| {
            let out = perfvec(&[&["dump"][..], more, &[text(trace)]].concat());
            assert_eq!(out.code, 0, "{}", out.stderr);
            let lines = out.stdout.lines().map(|line| line[13..].to_string());
            lines.collect::<Vec<_>>()
        };
        let of_whole = dump(&[region, &["--program", program()]].concat(), &whole);
        assert_eq!(of_whole.len() as u64, count, "{region:?}");
        // Where a region ends, its recording says where control went on; of the very last branch
        // that is all it says.
        let of_part = dump(&[], &part);
        assert_eq!(of_whole.len(), of_part.len());
        for (n, (whole, part)) in of_whole.iter().zip(&of_part).enumerate() {
            let mut whole = whole.as_str();
            if n + 1 == of_part.len() {
                let outcome = [" taken", " not-taken"];
                whole = (outcome.iter().find_map(|o| whole.strip_suffix(o))).unwrap_or(whole);
            }
            let part = part.split(" next=").next().unwrap();
            assert_eq!(whole, part, "{region:?} {n}");
        }
    }
}

#[test]
fn the_dump_of_a_region_shows_its_instructions() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("t.pvt");
    let out = perfvec(&["record", "-o", text(&trace), "--markers", "--", program()]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    let out = perfvec(&["dump", "--first", "4", text(&trace)]);
    let lines: Vec<Vec<&str>> = out
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    // li t0, 100; addi t0, t0, -1; bnez t0, trip; addi again.
    assert_eq!(lines.len(), 4, "{}", out.stdout);
    assert_eq!((lines[0][0], lines[0][2]), ("0", "IntAlu:4"));
    assert_eq!(lines[0][3..], ["dst=Int5"]);
    assert_eq!(lines[1][3..], ["dst=Int5", "src=Int5"]);
    assert_eq!(
        lines[2][3..],
        ["cond_ctrl", "direct_ctrl", "src=Int5", "taken"]
    );
    assert_eq!(lines[3][1..], lines[1][1..]);
}

/// What comes before a region warms the features: a region is not a program that starts there.
#[test]
fn a_region_is_warmed_by_what_comes_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (whole, part) = (path("whole.pvt"), path("part.pvt"));
    // The second half of a computation that walks a table.
    let region = ["--skip", "300000", "--first", "100000"];
    let record = |trace: &Path, region: &[&str]| {
        let args = [
            &["record", "-o", text(trace)][..],
            region,
            &["--", guest(), "compute"],
        ];
        assert_eq!(perfvec(&args.concat()).code, 0);
    };
    record(&whole, &[]);
    record(&part, &region);
    let vector = |trace: &Path, region: &[&str]| {
        let out = path("v");
        let args = [
            &["replay", "--vector", text(&out)][..],
            region,
            &[text(trace)],
        ];
        assert_eq!(priced(&args.concat()).code, 0);
        std::fs::read(out).unwrap()
    };
    let alone = vector(&part, &[]);
    assert_ne!(vector(&whole, &region), alone);
    // A recording made again is the same, so this is no accident of the run.
    record(&part, &region);
    assert_eq!(vector(&part, &[]), alone);
}

/// Functions of libraries and of programs that run anywhere, by what lies beside the trace.
#[test]
fn functions_are_found_wherever_they_were_mapped() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("t.pvt");
    let trace = text(&trace);
    let out = perfvec(&["record", "-o", trace, "--", guest_dynamic(), "compute"]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    let symbols = Command::new("riscv64-linux-gnu-nm")
        .arg(guest_dynamic())
        .output()
        .unwrap();
    let symbols = String::from_utf8(symbols.stdout).unwrap();
    let linked = |name: &str| {
        let line = symbols.lines().find(|l| l.ends_with(&format!(" {name}")));
        u64::from_str_radix(&line.unwrap()[..16], 16).unwrap()
    };
    let first = |name: &str| {
        let out = perfvec(&["dump", "--from", name, "--first", "1", trace]);
        assert_eq!(out.code, 0, "{}", out.stderr);
        let words: Vec<&str> = out.stdout.split_whitespace().collect();
        let pc = u64::from_str_radix(&words[1][2..], 16).unwrap();
        (words[0].parse::<u64>().unwrap(), pc)
    };
    let (main, compute) = (first("main"), first("compute"));
    assert_eq!(compute.1 - main.1, linked("compute") - linked("main"));
    assert!(compute.0 > main.0, "{compute:?} {main:?}");
    // printf() is the library's.
    let printf = first("printf");
    assert!(printf.0 > compute.0 && printf.1.abs_diff(main.1) > 1 << 20);

    // A program that has other symbols is not taken for the one that ran.
    let out = perfvec(&["dump", "--from", "main", "--program", guest(), trace]);
    assert!(out.stderr.contains("not what was recorded"), "{out:?}");
}

#[test]
fn the_bundled_trace_has_regions_too() {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lua.pvt");
    let mut reader = perfvec::trace::Reader::open(&bundled).unwrap();
    let steps = perfvec::trace::Steps::new(&mut reader).unwrap();
    let pcs: Vec<u64> = steps.map(|step| step.unwrap().inst.pc).collect();
    assert_eq!(pcs.len(), 2_051_929);
    let place = |pc: u64, count: usize| {
        let mut all = pcs.iter().enumerate().filter(|(_, p)| **p == pc);
        all.nth(count - 1).map(|(n, _)| n).unwrap()
    };
    let pc = pcs[1_000_000];
    let many = pcs.iter().filter(|p| **p == pc).count();
    assert!(many > 20, "{pc:#x} retires {many} times");
    let (a, b) = (place(pc, 10), place(pc, 20));
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("j");
    let (from, until) = (format!("{pc:#x}:10"), format!("{pc:#x}:20"));
    for (region, count) in [
        (&["--from", &from, "--until", &until][..], b - a),
        (
            &["--from", &from, "--skip", "3", "--until", &until],
            b - a - 3,
        ),
        (&["--skip", "2000000"], 51_929),
        (&["--skip", "1999999", "--first", "777"], 777),
        (&["--until", &until], b),
    ] {
        let args = [&["replay", "--json", text(&json)][..], region];
        let out = priced(&args.concat());
        assert_eq!(out.code, 0, "{}", out.stderr);
        assert_eq!(json_of(&json)["retired"], count, "{region:?}");
    }
}

#[test]
fn a_region_that_cannot_be_is_told() {
    let fails = |args: &[&str], text: &str| {
        let out = priced(args);
        assert!(
            out.code != 0 && out.stderr.contains(text),
            "{args:?}: {out:?}"
        );
        assert!(!out.stderr.contains("panicked"), "{out:?}");
    };
    let run = |region: &[&str], says: &str| {
        fails(&[&["run"][..], region, &["--", program()]].concat(), says);
    };
    run(&["--from", "nowhere"], "--from nowhere: no such function");
    run(&["--from", "0x10"], "retired in the region (from 0x10)");
    run(&["--from", "trip:0"], "begin with 1");
    run(&["--first", "0"], "--first");
    run(&["--markers", "--skip", "4"], "cannot be used with");
    run(&["--skip", "999999999"], "retired in the region");
    fails(&["run", "--from", "main", "--", guest_dynamic()], "-no-pie");
    fails(
        &["replay", "--until", "main"],
        "name the recorded program with --program",
    );
    let profile = ["--first", "5", "--profile", "/nowhere/x.folded"];
    run(&profile, "cannot be used with");
    fails(
        &["replay", "--from", "0x10"],
        "nothing retired in the region (from 0x10)",
    );
}
