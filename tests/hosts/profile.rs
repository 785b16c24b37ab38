//! Where cycles go: against a session whose every retirement is an interval, by function and call
//! stack, and in every format that another tool reads.

use crate::guests::*;
use perfvec::microarch::{MicroarchTable, ProgramVector};
use perfvec::model::{Backend, Model};
use perfvec::session::{Profile, Session, SessionConfig};
use perfvec_test_support::stream::{walk, Stream};
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Retirements and cycles of a static instruction.
type Cost = (f64, f64);

fn profile(
    stream: &Stream,
    model: &Model,
    table: &MicroarchTable,
    split: usize,
    period: Option<u64>,
) -> Vec<Cost> {
    let mut profile = Profile::new(model, &[&table.entries()[0]], period, 0).unwrap();
    stream.statics.iter().for_each(|inst| profile.intern(inst));
    let retirements: Vec<_> = stream.retirements.iter().map(|r| r.0).collect();
    for part in retirements.chunks(split) {
        profile.retire(part).unwrap();
    }
    let (costs, insts) = profile.finish().unwrap();
    assert_eq!(costs.retired, retirements.len() as u64);
    if period.is_none() {
        assert_eq!(costs.measured, costs.retired);
    }
    let mut sums = vec![Cost::default(); insts.len()];
    for site in &costs.sites {
        let sum = &mut sums[site.inst as usize];
        sum.0 += site.values[0];
        sum.1 += site.values[1];
    }
    sums
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
        cost.0 += 1.0;
        cost.1 += table.estimate(&vector).unwrap()[0].cycles;
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
        let fast = profile(&stream, &model, &table, split, None);
        let slow = naive(&stream, &model, &table);
        prop_assert_eq!(fast.len(), slow.len());
        for (a, b) in fast.iter().zip(&slow) {
            prop_assert_eq!(a.0, b.0);
            prop_assert!((a.1 - b.1).abs() <= 1e-9 * (b.0 + b.1.abs()), "{:?} {:?}", a, b);
        }
    }
}

/// What is measured of each period is the whole stream's piece, after the same warm-up.
#[test]
fn a_sample_counts_everything_and_scales_what_it_measured() {
    let model = Model::load(&model(), Backend::NativeF32).unwrap();
    let table =
        MicroarchTable::load(&crate::guests::model().with_extension("safetensors")).unwrap();
    let stream = walk(3, 5, 300_000);
    let sum = |costs: &[Cost], of: fn(&Cost) -> f64| costs.iter().map(of).sum::<f64>();
    let all = profile(&stream, &model, &table, 4000, None);
    let sampled = profile(&stream, &model, &table, 777, Some(10_000));
    assert!(all.iter().zip(&sampled).all(|(a, b)| a.0 == b.0));
    let (whole, some) = (sum(&all, |c| c.1), sum(&sampled, |c| c.1));
    assert!((some / whole - 1.0).abs() < 0.05, "{some} {whole}");
    assert_ne!(some, whole);
    let again = profile(&stream, &model, &table, 5000, Some(10_000));
    assert_eq!(sampled, again, "however the stream is cut into calls");
    let refused = Profile::new(&model, &[&table.entries()[0]], Some(1000), 0).err();
    assert!(refused.unwrap().to_string().contains("give a longer one"));
}

/// tests/qemu/stacks.c, position-independent and dynamic, and static; both with debugging
/// information.
fn guests() -> &'static [String; 2] {
    static ONCE: OnceLock<[String; 2]> = OnceLock::new();
    ONCE.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("profile");
        std::fs::create_dir_all(&dir).unwrap();
        ["-pie", "-static"].map(|how| {
            let out = dir.join(format!("stacks{how}")).display().to_string();
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/qemu/stacks.c");
            let flags = [
                "-O1",
                "-g",
                "-foptimize-sibling-calls",
                "-pthread",
                "-Wall",
                "-Werror",
            ];
            let mut gcc = Command::new("riscv64-linux-gnu-gcc");
            let built = gcc.args(flags).args([how, "-o", &out]).arg(source).output();
            let built = built.unwrap();
            assert!(built.status.success(), "{built:?}");
            out
        })
    })
}

fn record(dir: &Path, guest: &[&str]) -> String {
    let trace = dir.join("t.pvt").display().to_string();
    let out = perfvec(&[&["record", "-o", &trace, "--"][..], guest].concat());
    assert_eq!(out.code, 0, "{out:?}");
    trace
}

#[test]
fn functions_have_their_share_of_what_replay_estimates() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), &[guest(), "compute"]);
    let json = |args: &[&str]| -> serde_json::Value {
        serde_json::from_str(&succeeds(args).stdout).unwrap()
    };
    let whole = json(&["replay", "--json", "-", &trace]);
    let args = ["profile", "--on", "three", "--on", "one", &trace];
    let parts = json(&[&args[..], &["--json", "-"]].concat());
    let functions = parts["functions"].as_array().unwrap();
    let sum = |n: usize| -> f64 {
        functions
            .iter()
            .map(|f| f["self"][n].as_f64().unwrap())
            .sum()
    };
    assert_eq!(sum(0), whole["retired"].as_f64().unwrap());
    for (n, name) in [(1, "three"), (2, "one")] {
        let cores = whole["microarchs"].as_array().unwrap();
        let core = cores.iter().find(|m| m["name"] == name).unwrap();
        let cycles = core["cycles"].as_f64().unwrap();
        assert!((sum(n) / cycles - 1.0).abs() < 1e-9, "{parts}");
        assert_eq!(parts["values"][n]["name"], format!("cycles on {name}"));
    }
    // Both are there, whether or not the compiler put one into the other.
    let first = functions[0]["name"].as_str().unwrap();
    assert!(["main", "compute"].contains(&first), "{first}");

    let out = succeeds(&[&args[..], &["--top", "3"]].concat());
    assert!(
        out.stdout.lines().all(|line| line.len() <= 80),
        "{}",
        out.stdout
    );
    let others = format!("({} others)", functions.len() - 3);
    assert!(out.stdout.contains(&others), "{}", out.stdout);
    let out = succeeds(&[&args[..], &["--by", "module"]].concat());
    assert!(out.stdout.contains("100.00%"), "{}", out.stdout);

    // The same in the other formats.
    let printed = succeeds(&[&args[..], &["--format", "json"]].concat()).stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, parts);
    let csv = succeeds(&[&args[..], &["--format", "csv"]].concat()).stdout;
    let heading = "name,file,instructions (self),instructions (total),cycles on three (self),\
                   cycles on three (total),cycles on one (self),cycles on one (total)";
    assert_eq!(csv.lines().next(), Some(heading));
    assert_eq!(csv.lines().count(), functions.len() + 1);
    for (line, f) in csv.lines().skip(1).zip(functions) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[0], f["name"]);
        for n in 0..3 {
            let number = |at: usize| fields[at].parse::<f64>().unwrap();
            assert_eq!(number(2 + 2 * n), f["self"][n].as_f64().unwrap());
            assert_eq!(number(3 + 2 * n), f["total"][n].as_f64().unwrap());
        }
    }
    fails(
        &[&args[..], &["-o", &trace]].concat(),
        "does not say which format",
    );
    let over = ["--json", &trace];
    fails(&[&args[..], &over].concat(), "are the same file");
}

/// The lines of folded stacks that hold `part`, and the sum of their counts.
fn of(folded: &str, part: &str) -> u64 {
    let lines = folded.lines().filter(|line| line.contains(part));
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

#[test]
fn stacks_are_those_of_the_source() {
    for guest in guests() {
        let dir = tempfile::tempdir().unwrap();
        let trace = record(dir.path(), &[guest]);
        let path = dir.path().join("p.folded").display().to_string();
        succeeds(&["profile", "--on", "one", "-o", &path, &trace]);
        let folded = std::fs::read_to_string(&path).unwrap();
        for stack in [
            "main;jumps;spin ",
            "main;jumps;deep;deep ",
            "main;fib;fib ",
            "main;tail_target ",
            "main;inlines;inlined ",
            "[JIT] ",
        ] {
            assert!(of(&folded, stack) > 0, "{guest}: {stack}: {folded}");
        }
        // What longjmp left is not above what comes later, and a caller that is gone is not
        // above what it jumped to.
        for stack in [
            "deep;spin",
            "deep;fib",
            "tail_caller;tail_target",
            "fib;fib;fib;fib",
        ] {
            assert_eq!(of(&folded, stack), 0, "{guest}: {stack}: {folded}");
        }
        let out = succeeds(&[
            "profile", "--on", "one", "--by", "line", "--top", "5", &trace,
        ]);
        assert!(out.stdout.contains("qemu/stacks.c:"), "{}", out.stdout);
    }
}

/// Libraries are named, and their functions as far as their symbols go.
#[test]
fn shared_libraries_have_their_part() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), &[&guests()[0]]);
    let out = succeeds(&["profile", "--on", "one", "--by", "module", &trace]);
    for name in ["/ld-linux-riscv64", "/libc.so", "stacks-pie", "[JIT]"] {
        // Long paths are cut to fit.
        let json = std::fs::read_to_string(format!("{trace}.modules")).unwrap();
        let shown = out.stdout.contains(name) || json.contains(name);
        assert!(shown, "{name}: {} {json}", out.stdout);
    }
    let json = succeeds(&["profile", "--on", "one", "--json", "-", &trace]);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let names: Vec<&str> = value["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"printf") && names.contains(&"main"),
        "{names:?}"
    );
    assert!(!names.contains(&"[unknown]"), "{names:?}");
}

/// Every frame's cycles split by cause: with the whole's causes as sum, and those of each function
/// that function's cycles.
#[test]
fn causes_of_functions_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), &[&guests()[1]]);
    let core = ["--core", "u74-like"];
    let on = ["profile", "--on", "u74-like", "--causes", &trace];
    let printed = |args: &[&str]| {
        let out = perfvec(&[args, &core].concat());
        assert_eq!(out.code, 0, "{out:?}");
        out.stdout
    };
    let value =
        |args: &[&str]| -> serde_json::Value { serde_json::from_str(&printed(args)).unwrap() };
    let profile = value(&[&on[..], &["--json", "-"]].concat());
    let whole = value(&["replay", "--json", "-", &trace]);
    let numbers = |list: &serde_json::Value| -> Vec<f64> {
        let list = list.as_array().unwrap().iter();
        list.map(|x| x.as_f64().unwrap()).collect()
    };
    let mut sums = [0.0; 11];
    for f in profile["functions"].as_array().unwrap() {
        for key in ["self", "total"] {
            let values = numbers(&f[key]);
            let all: f64 = values[2..].iter().sum();
            assert!((all - values[1]).abs() <= 1e-9 * (1.0 + values[1]), "{f}");
        }
        let own = numbers(&f["self"]);
        sums.iter_mut().zip(&own[2..]).for_each(|(s, x)| *s += x);
    }
    let stack = &whole["microarchs"][0]["stack"];
    for (n, sum) in sums.iter().enumerate() {
        let name = profile["values"][2 + n]["name"].as_str().unwrap();
        let part = name.strip_prefix("cycles on u74-like: ").unwrap();
        let want = stack[part].as_f64().unwrap();
        assert!(
            (sum - want).abs() <= 1e-6 * (1.0 + want),
            "{part}: {sum} {want}"
        );
    }
    let table = printed(&on);
    assert!(table.contains("% of its cycles"), "{table}");
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
    fails(
        &["profile", "--on", "one", "--causes", &trace],
        "does not tell causes apart",
    );
}

#[test]
fn a_profile_of_a_running_program_is_that_of_its_trace() {
    let dir = tempfile::tempdir().unwrap();
    let guest = &guests()[1];
    let text = |name: &str| dir.path().join(name).display().to_string();
    let (live, later, with, without) = (
        text("live.folded"),
        text("later.folded"),
        text("with.json"),
        text("without.json"),
    );
    let trace = record(dir.path(), &[guest]);
    succeeds(&["profile", "--on", "three", "-o", &later, &trace]);
    let args = [
        "run",
        "--profile",
        &live,
        "--on",
        "three",
        "--json",
        &with,
        "--",
        guest,
    ];
    let out = succeeds(&args);
    assert!(out.stderr.contains("inferno-flamegraph"), "{out:?}");
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&live), read(&later));
    // The table is that of a run without a profile, to the bit.
    succeeds(&["run", "--json", &without, "--", guest]);
    let estimates = |path: &str| {
        let mut all = json(path);
        // Process numbers and times are those of each run.
        for key in ["threads", "processes"] {
            all.as_object_mut().unwrap().remove(key).unwrap();
        }
        all
    };
    assert_eq!(estimates(&with), estimates(&without));
}

#[test]
fn threads_and_killed_programs_are_profiled_while_they_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.folded").display().to_string();
    succeeds(&[
        "run",
        "--profile",
        &path,
        "--on",
        "one",
        "--",
        &guests()[0],
        "thread",
    ]);
    let folded = std::fs::read_to_string(&path).unwrap();
    assert!(
        of(&folded, "thread 0;") > 0 && of(&folded, "thread 1;") > 0,
        "{folded}"
    );
    assert!(of(&folded, ";in_thread;spin ") > 0, "{folded}");
    let out = priced(&["run", "--profile", &path, "--", guest(), "abort"]);
    assert_eq!(out.code, 128 + 6, "{out:?}");
    assert!(out.stderr.contains("was killed by SIGABRT"), "{out:?}");
    let folded = std::fs::read_to_string(&path).unwrap();
    assert!(of(&folded, "main") > 0, "{folded}");
    // Children have their part, with names of their own files where they called exec.
    let out = priced(&["run", "--profile", &path, "--", table(), "children", "x"]);
    assert_eq!(out.code, 0, "{out:?}");
    let folded = std::fs::read_to_string(&path).unwrap();
    for process in [2, 4] {
        let named = format!("process {process} thread");
        let mut lines = folded.lines().filter(|line| line.contains(&named));
        assert!(lines.any(|line| line.contains(";compute ")), "{folded}");
    }
}

#[test]
fn other_tools_read_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let trace = record(dir.path(), &[&guests()[0]]);
    let path = |name: &str| dir.path().join(name).display().to_string();
    let names = ["p.speedscope.json", "p.pb.gz", "p.callgrind", "p.folded"].map(path);
    let outputs = names.iter().flat_map(|name| ["-o", name]);
    let args: Vec<&str> = ["profile", "--on", "one", &trace]
        .into_iter()
        .chain(outputs)
        .collect();
    let out = succeeds(&args);
    assert_eq!(out.stderr.lines().count(), 4, "{out:?}");
    let json = succeeds(&["profile", "--on", "one", "--json", "-", &trace]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let retired = json["retired"].as_u64().unwrap();

    let text = std::fs::read_to_string(&names[0]).unwrap();
    let scope: serde_json::Value = serde_json::from_str(&text).unwrap();
    speedscope(&scope, retired);
    pprof(&std::fs::read(&names[1]).unwrap(), retired);

    let annotated = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100", &names[2]])
        .output()
        .expect("callgrind_annotate, of the package valgrind");
    let annotated = String::from_utf8(annotated.stdout).unwrap();
    let line = |part: &str| {
        let mut lines = annotated.lines();
        let found = lines.find(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("no {part} in {annotated}"))
    };
    let total: String = line("PROGRAM TOTALS")
        .split(' ')
        .next()
        .unwrap()
        .replace(',', "");
    assert_eq!(total.parse::<u64>().unwrap(), retired);
    // main is nearly all of it, with what it called.
    assert!(line(":main [").contains("stacks-pie"), "{annotated}");
    line("stacks.c:fib [");
}

/// What speedscope's schema asks of a sampled profile.
fn speedscope(value: &serde_json::Value, retired: u64) {
    assert_eq!(
        value["$schema"],
        "https://www.speedscope.app/file-format-schema.json"
    );
    let frames = value["shared"]["frames"].as_array().unwrap();
    assert!(frames.iter().all(|f| f["name"].is_string()));
    let profiles = value["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 2, "cycles, then instructions");
    for profile in profiles {
        assert_eq!(
            (&profile["type"], &profile["unit"]),
            (&"sampled".into(), &"none".into())
        );
        let (samples, weights) = (
            profile["samples"].as_array().unwrap(),
            profile["weights"].as_array().unwrap(),
        );
        assert_eq!(samples.len(), weights.len());
        let sum: u64 = weights.iter().map(|w| w.as_u64().unwrap()).sum();
        assert_eq!(profile["endValue"].as_u64(), Some(sum));
        for frame in samples.iter().flat_map(|s| s.as_array().unwrap()) {
            assert!((frame.as_u64().unwrap() as usize) < frames.len());
        }
    }
    assert_eq!(profiles[1]["endValue"].as_u64(), Some(retired));
}

/// The fields of profile.proto that every reader uses, by its field numbers.
#[derive(Clone, PartialEq, prost::Message)]
struct PprofProfile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<PprofPair>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<PprofSample>,
    #[prost(message, repeated, tag = "3")]
    mapping: Vec<PprofMapping>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<PprofLocation>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<PprofPair>,
    #[prost(string, repeated, tag = "6")]
    strings: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PprofPair {
    #[prost(int64, tag = "1")]
    first: i64,
    #[prost(int64, tag = "2")]
    second: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PprofSample {
    #[prost(uint64, repeated, tag = "1")]
    locations: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    values: Vec<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PprofMapping {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "5")]
    filename: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PprofLocation {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    mapping: u64,
    #[prost(message, repeated, tag = "4")]
    lines: Vec<PprofPair>,
}

fn pprof(bytes: &[u8], retired: u64) {
    use prost::Message;
    use std::io::Read;
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .unwrap();
    let p = PprofProfile::decode(&plain[..]).unwrap();
    let text = |id: i64| p.strings[id as usize].as_str();
    assert_eq!(p.strings[0], "");
    let kinds: Vec<_> = p
        .sample_type
        .iter()
        .map(|t| (text(t.first), text(t.second)))
        .collect();
    assert_eq!(
        kinds,
        [("instructions", "count"), ("cycles on one", "cycles")]
    );
    let sum: i64 = p.sample.iter().map(|s| s.values[0]).sum();
    assert_eq!(sum, retired as i64);
    assert!(p
        .sample
        .iter()
        .all(|s| s.values.len() == 2 && s.values[1] >= 0));
    // Ids are from 1; the first file is taken for the program.
    let ids = |n: usize| 1..=n as u64;
    let mut mappings: Vec<u64> = p.mapping.iter().map(|m| m.id).collect();
    mappings.sort_unstable();
    assert!(mappings.into_iter().eq(ids(p.mapping.len())));
    assert!(text(p.mapping[0].filename).ends_with("stacks-pie"));
    assert!(p.location.iter().map(|l| l.id).eq(ids(p.location.len())));
    for location in p.sample.iter().flat_map(|s| &s.locations) {
        let location = &p.location[*location as usize - 1];
        assert!(location.mapping as usize <= p.mapping.len());
        assert!(!location.lines.is_empty());
    }
    // The innermost of inlined functions comes first.
    let name = |line: &PprofPair| text(p.function[line.first as usize - 1].second);
    let stacks = p
        .location
        .iter()
        .map(|l| l.lines.iter().map(name).collect::<Vec<_>>());
    assert!(stacks
        .into_iter()
        .any(|names| names == ["inlined", "inlines"]));
}

#[test]
fn files_that_do_not_belong_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    // A program of its own, to be changed.
    let program = path("program");
    std::fs::copy(&guests()[0], &program).unwrap();
    let trace = record(dir.path(), &[&program]);
    let args = ["profile", "--on", "one", &trace];
    fails(&["profile", "--on", "four", &trace], "--on four: not in");
    fails(
        &[&args[..], &["-o", "x.json"]].concat(),
        "does not say which format",
    );
    fails(&[&args[..], &[guest()]].concat(), "not what was recorded");
    fails(
        &[&args[..], &[guest(), &program]].concat(),
        "name one program",
    );
    fails(&["profile", "--on", "one", &program], "no trace is named");
    fails(
        &[&args[..], &["--sample", "10000000"]].concat(),
        "no segment lies in",
    );
    // A stripped copy has the same build id, and an unstripped one may stand in for it.
    let strip = Command::new("riscv64-linux-gnu-strip")
        .arg(&program)
        .status();
    assert!(strip.unwrap().success());
    let out = succeeds(&args);
    assert!(
        out.stdout.contains("[program]") && !out.stdout.contains(" fib"),
        "{}",
        out.stdout
    );
    let out = succeeds(&[&args[..], &[&guests()[0]]].concat());
    assert!(out.stdout.contains(" fib"), "{}", out.stdout);
    std::fs::copy(&guests()[1], &program).unwrap();
    fails(&args, "not the file that ran");
    std::fs::remove_file(&program).unwrap();
    let out = succeeds(&args);
    assert!(
        out.stdout.contains("note: no names for code of"),
        "{}",
        out.stdout
    );

    // Without what is beside it, a trace takes the program as it was linked.
    std::fs::remove_file(format!("{trace}.modules")).unwrap();
    fails(&args, "name the recorded program as well");
    fails(
        &[&args[..], &[&guests()[0]]].concat(),
        "a position-independent program",
    );
    fails(
        &[&args[..], &[guest()]].concat(),
        "no instruction of the trace lies in its functions",
    );
    let cut = path("cut");
    let bytes = std::fs::read(guest()).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 100]).unwrap();
    fails(
        &[&args[..], &[&cut]].concat(),
        "not a sound 64-bit ELF file",
    );
    let trace = record(dir.path(), &[guest(), "compute"]);
    std::fs::remove_file(format!("{trace}.modules")).unwrap();
    let out = succeeds(&["profile", "--on", "one", &trace, guest()]);
    assert!(
        out.stdout.contains("main") || out.stdout.contains("compute"),
        "{}",
        out.stdout
    );
}
